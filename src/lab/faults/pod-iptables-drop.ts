import { defineFault } from "./fault-type.ts";
import { deleteRule, insertRule } from "./inserted-rule.ts";
import { backendNode, servesUrls, servingPod } from "./serving-nodes.ts";

/** As an init container with NET_ADMIN may leave it. */
const RULE = ["-p", "tcp", "-m", "tcp", "--dport", "8080", "-j", "DROP"];

export const podIptablesDrop = defineFault({
  id: "pod-iptables-drop",
  summary: {
    en: "a rule inside the serving pod's own namespace drops what comes to its port",
    zh: "Pod 自己的 network namespace 里的一条规则丢弃了发往其端口的报文",
  },
  needsNode: true,
  defaultNode: backendNode,
  appliesTo: servesUrls,
  before: async () => null,
  inject: ({ plan }, node) => insertRule(servingPod(plan, node), "INPUT", RULE),
  heal: ({ plan }, node) => deleteRule(servingPod(plan, node), "INPUT", RULE),
});
