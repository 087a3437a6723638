import type { PlannedNode } from "../plan.ts";
import { defineFault } from "./fault-type.ts";
import { deleteRule, insertRule } from "./inserted-rule.ts";
import { always, backendNode } from "./serving-nodes.ts";

export const forwardDrop = defineFault({
  id: "forward-drop",
  summary: "a DROP for the node's pods stands at the head of FORWARD, before the CNI's accepts",
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
