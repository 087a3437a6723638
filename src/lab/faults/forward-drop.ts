import type { PlannedNode } from "../plan.ts";
import { defineFault } from "./fault-type.ts";
import { deleteRule, insertRule } from "./inserted-rule.ts";
import { always, backendNode } from "./serving-nodes.ts";

export const forwardDrop = defineFault({
  id: "forward-drop",
  summary: {
    en: "a DROP for the node's pods stands at the head of FORWARD, before the CNI's accepts",
    zh: "FORWARD 链最前面多了一条 DROP，拦下发往本节点 Pod 的报文，排在 CNI 的放行规则之前",
  },
  needsNode: true,
  defaultNode: backendNode,
  appliesTo: always,
  before: async () => null,
  inject: (_lab, node) => insertRule(node, "FORWARD", dropRule(node)),
  heal: (_lab, node) => deleteRule(node, "FORWARD", dropRule(node)),
});

function dropRule(node: PlannedNode): string[] {
  return ["-d", node.podCidr, "-m", "comment", "--comment", "hardening", "-j", "DROP"];
}
