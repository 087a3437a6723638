import type { Said } from "../lab-error.ts";
import { type Plan, type PlannedNode, podOf } from "../plan.ts";
import { defineFault } from "./fault-type.ts";
import { giveAddress, type Readdressed } from "./new-address.ts";
import { backendNode, servesUrls, servingPod } from "./serving-nodes.ts";

/**
 * As after the CNI's IPAM lost its records (Calico: its datastore put back from a backup) and gave an address
 * anew. What is sent to it goes where each node's routes lead.
 */
export const duplicatePodIp = defineFault<Readdressed>({
  id: "duplicate-pod-ip",
  summary: {
    en: "the serving pod has been given the address that the DNS server's pod on another node has",
    zh: "提供服务的 Pod 分到的地址，与另一节点上 DNS 服务的 Pod 相同",
  },
  needsNode: true,
  defaultNode: backendNode,
  appliesTo: awayFromDns,
  before: async ({ plan }, node) => ({ from: servingPod(plan, node).address, to: podOf(plan, "dns").address }),
  inject: (lab, node, { from, to }) => giveAddress(lab, servingPod(lab.plan, node), from, to),
  heal: (lab, node, { from, to }) => giveAddress(lab, servingPod(lab.plan, node), to, from),
});

/** host-local, which flannel goes with, gives addresses of the node's own block alone. */
function awayFromDns(plan: Plan, node: PlannedNode): Said | null {
  if (plan.cni === "flannel") {
    return { en: "its IPAM keeps each node to a block of its own", zh: "它的 IPAM 只在节点自己的地址块里分配地址" };
  }
  if (podOf(plan, "dns").node !== node.name) return servesUrls(plan, node);
  return { en: `the DNS server runs on ${node.name} itself`, zh: `DNS 服务就在节点 ${node.name} 上` };
}
