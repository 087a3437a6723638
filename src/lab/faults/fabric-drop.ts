import type { Plan } from "../plan.ts";
import { vxlanPort } from "../wiring/overlay.ts";
import { defineFault } from "./fault-type.ts";
import { blockInLan, unblockInLan } from "./lan-filter.ts";
import { backendNode, betweenNodes } from "./serving-nodes.ts";

/** The nodes are well and their links are up: an access list on the way knows nothing of the overlay. */
export const fabricDrop = defineFault({
  id: "fabric-drop",
  summary: {
    en: "the LAN loses the overlay's packets from and to the node; all else passes",
    zh: "局域网丢弃进出该节点的 overlay 报文，其余流量照常通过",
  },
  needsNode: true,
  defaultNode: backendNode,
  appliesTo: betweenNodes,
  before: async () => null,
  inject: async (lab, node) => {
    const carries = overlayMatch(lab.plan);
    await blockInLan(lab.plan, node, [`iifname ${node.name} ${carries} drop`, `oifname ${node.name} ${carries} drop`]);
  },
  heal: (lab, node) => unblockInLan(lab.plan, node),
});

/** What carries pods' packets from node to node, as nft(8) matches it in the bridge family. */
function overlayMatch(plan: Plan): string {
  if (plan.overlay === "vxlan") return `udp dport ${vxlanPort(plan)}`;
  if (plan.overlay === "ipip") return "ip protocol 4";
  return `ip saddr ${plan.clusterCidr} ip daddr ${plan.clusterCidr}`;
}
