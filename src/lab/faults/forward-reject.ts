import type { PlannedNode } from "../plan.ts";
import { defineFault } from "./fault-type.ts";
import { deleteRule, insertRule } from "./inserted-rule.ts";
import { always, backendNode } from "./serving-nodes.ts";

export const forwardReject = defineFault({
  id: "forward-reject",
  summary: {
    en: "a REJECT for the node's pods stands at the head of FORWARD, as firewalld and vendors' images have it",
    zh: "FORWARD 链最前面多了一条 REJECT，拒绝发往本节点 Pod 的报文，就像 firewalld 和一些厂商镜像自带的那样",
  },
  needsNode: true,
  defaultNode: backendNode,
  appliesTo: always,
  before: async () => null,
  inject: (_lab, node) => insertRule(node, "FORWARD", rejectRule(node)),
  heal: (_lab, node) => deleteRule(node, "FORWARD", rejectRule(node)),
});

function rejectRule(node: PlannedNode): string[] {
  return ["-d", node.podCidr, "-j", "REJECT", "--reject-with", "icmp-host-prohibited"];
}
