import { runIn, tryRunIn } from "../netns.ts";
import type { Plan, PlannedNode } from "../plan.ts";

/** An access list of the switch, for one node's port: a table of its own, so that two faults do not meet. */
export async function blockInLan(plan: Plan, node: PlannedNode, rules: readonly string[]): Promise<void> {
  await unblockInLan(plan, node);
  const table = tableOf(node);
  await runIn(
    plan.lanNetns,
    ["nft", "-f", "-"],
    [
      `table bridge ${table} {`,
      "  chain forward {",
      "    type filter hook forward priority 0; policy accept;",
      ...rules.map((rule) => `    ${rule}`),
      "  }",
      "}",
      "",
    ].join("\n"),
  );
}

export async function unblockInLan(plan: Plan, node: PlannedNode): Promise<void> {
  await tryRunIn(plan.lanNetns, ["nft", "delete", "table", "bridge", tableOf(node)]);
}

function tableOf(node: PlannedNode): string {
  return `acl-${node.name}`;
}
