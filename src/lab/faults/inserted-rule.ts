import { runIn, tryRunIn } from "../netns.ts";
import { iptables } from "../rules/iptables-tool.ts";

/** A node or a pod. */
interface Place {
  readonly netns: string;
}

/** Inserts a rule at the head of a chain, unless it is there: a fault that was cut short may be injected again. */
export async function insertRule(
  { netns }: Place,
  chain: string,
  rule: readonly string[],
  program?: string,
): Promise<void> {
  const tool = program ?? (await iptables());
  if (await ruleExists(netns, tool, chain, rule)) return;
  await runIn(netns, [tool, "-w", "-I", chain, "1", ...rule]);
}

export async function deleteRule(
  { netns }: Place,
  chain: string,
  rule: readonly string[],
  program?: string,
): Promise<void> {
  const tool = program ?? (await iptables());
  if (await ruleExists(netns, tool, chain, rule)) await runIn(netns, [tool, "-w", "-D", chain, ...rule]);
}

async function ruleExists(netns: string, tool: string, chain: string, rule: readonly string[]): Promise<boolean> {
  return (await tryRunIn(netns, [tool, "-w", "-C", chain, ...rule])).code === 0;
}
