import { runIn, tryRunIn } from "../netns.ts";
import type { PlannedNode } from "../plan.ts";
import { iptables } from "../rules/iptables-tool.ts";

/** Inserts a rule at the head of a chain, unless it is there: a fault that was cut short may be injected again. */
export async function insertRule(node: PlannedNode, chain: string, rule: readonly string[]): Promise<void> {
  const program = await iptables();
  if (await ruleExists(node, chain, rule)) return;
  await runIn(node.netns, [program, "-w", "-I", chain, "1", ...rule]);
}

export async function deleteRule(node: PlannedNode, chain: string, rule: readonly string[]): Promise<void> {
  const program = await iptables();
  if (await ruleExists(node, chain, rule)) await runIn(node.netns, [program, "-w", "-D", chain, ...rule]);
}

async function ruleExists(node: PlannedNode, chain: string, rule: readonly string[]): Promise<boolean> {
  return (await tryRunIn(node.netns, [await iptables(), "-w", "-C", chain, ...rule])).code === 0;
}
