import { findNode, type Plan, type PlannedNode, podOf } from "../plan.ts";
import { defineFault } from "./fault-type.ts";
import { deleteRule, insertRule } from "./inserted-rule.ts";
import { always } from "./serving-nodes.ts";

/** As a rule against amplification of DNS drops it, that forgot whose resolver stands behind the node. */
const RULE = ["-p", "udp", "-m", "udp", "--dport", "53", "-j", "DROP"];

export const dnsOnly = defineFault({
  id: "dns-only",
  summary: {
    en: "a DROP for UDP port 53 stands at the head of FORWARD: names are not resolved, all else works",
    zh: "FORWARD 链最前面多了一条丢弃 UDP 53 的 DROP：域名解析不了，其他都正常",
  },
  needsNode: true,
  defaultNode: dnsNode,
  appliesTo: always,
  before: async () => null,
  inject: (_lab, node) => insertRule(node, "FORWARD", RULE),
  heal: (_lab, node) => deleteRule(node, "FORWARD", RULE),
});

function dnsNode(plan: Plan): PlannedNode {
  return findNode(plan, podOf(plan, "dns").node);
}
