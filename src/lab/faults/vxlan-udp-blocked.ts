import type { Plan } from "../plan.ts";
import { vxlanPort } from "../wiring/overlay.ts";
import { defineFault } from "./fault-type.ts";
import { deleteRule, insertRule } from "./inserted-rule.ts";
import { backendNode, overVxlan } from "./serving-nodes.ts";

export const vxlanUdpBlocked = defineFault({
  id: "vxlan-udp-blocked",
  summary: {
    en: "the node's INPUT drops the overlay's UDP port",
    zh: "节点的 INPUT 链丢弃 overlay 所用的 UDP 端口",
  },
  needsNode: true,
  defaultNode: backendNode,
  appliesTo: overVxlan,
  before: async () => null,
  inject: (lab, node) => insertRule(node, "INPUT", dropRule(lab.plan)),
  heal: (lab, node) => deleteRule(node, "INPUT", dropRule(lab.plan)),
});

function dropRule(plan: Plan): string[] {
  return ["-p", "udp", "-m", "udp", "--dport", String(vxlanPort(plan)), "-j", "DROP"];
}
