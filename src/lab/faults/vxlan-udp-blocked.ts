import type { Plan } from "../plan.ts";
import { vxlanPort } from "../wiring/overlay.ts";
import { defineFault } from "./fault-type.ts";
import { deleteRule, insertRule } from "./inserted-rule.ts";
import { backendNode } from "./serving-nodes.ts";

export const vxlanUdpBlocked = defineFault({
  id: "vxlan-udp-blocked",
  summary: "the node's INPUT drops the overlay's UDP port",
  needsNode: true,
  defaultNode: backendNode,
  appliesTo: (plan) => {
    if (plan.overlay !== "vxlan") return `its overlay is ${plan.overlay}, not vxlan`;
    return plan.nodes.length > 1 ? null : "it has one node only, and so no overlay traffic";
  },
  before: async () => null,
  inject: (lab, node) => insertRule(node, "INPUT", dropRule(lab.plan)),
  heal: (lab, node) => deleteRule(node, "INPUT", dropRule(lab.plan)),
});

function dropRule(plan: Plan): string[] {
  return ["-p", "udp", "-m", "udp", "--dport", String(vxlanPort(plan)), "-j", "DROP"];
}
