import type { PlannedNode } from "../plan.ts";
import { hasProgram } from "../preflight.ts";
import { defineFault } from "./fault-type.ts";
import { deleteRule, insertRule } from "./inserted-rule.ts";
import { backendNode } from "./serving-nodes.ts";

const LEGACY = "iptables-legacy";

/** Both back ends are in force at once, and each tool shows only its own. The table that the rule needs stays when it is gone. */
export const legacyNftSplit = defineFault({
  id: "legacy-nft-split",
  summary: {
    en: "iptables-legacy drops what the node should forward; iptables-nft, which the node uses, does not show it",
    zh: "iptables-legacy 丢弃本该转发的报文，而节点使用的 iptables-nft 里看不到这条规则",
  },
  needsNode: true,
  defaultNode: backendNode,
  appliesTo: () => {
    const missing = [LEGACY, "iptables-nft"].find((program) => !hasProgram(program));
    if (missing === undefined) return null;
    return { en: `there is no ${missing} on this machine`, zh: `这台机器上没有 ${missing}` };
  },
  before: async () => null,
  inject: (_lab, node) => insertRule(node, "FORWARD", dropRule(node), LEGACY),
  heal: (_lab, node) => deleteRule(node, "FORWARD", dropRule(node), LEGACY),
});

function dropRule(node: PlannedNode): string[] {
  return ["-d", node.podCidr, "-j", "DROP"];
}
