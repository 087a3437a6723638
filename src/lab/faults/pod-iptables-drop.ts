import { defineFault } from "./fault-type.ts";
import { deleteRule, insertRule } from "./inserted-rule.ts";
import { always, backendNode, servingPod } from "./serving-nodes.ts";

/** As an init container with NET_ADMIN may leave it. */
const RULE = ["-p", "tcp", "-m", "tcp", "--dport", "8080", "-j", "DROP"];

export const podIptablesDrop = defineFault({
  id: "pod-iptables-drop",
  summary: "a rule inside the serving pod's own namespace drops what comes to its port",
  needsNode: true,
  defaultNode: backendNode,
  appliesTo: always,
  before: async () => null,
  inject: ({ plan }, node) => insertRule(servingPod(plan, node), "INPUT", RULE),
  heal: ({ plan }, node) => deleteRule(servingPod(plan, node), "INPUT", RULE),
});
