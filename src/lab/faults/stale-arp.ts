import type { Plan, PlannedNode } from "../plan.ts";
import { defineFault } from "./fault-type.ts";
import { NOBODYS_MAC, readNeighbour, restoreNeighbour, setNeighbour } from "./kept-neighbours.ts";
import { backendNode, linkToPod, servesUrls, servingPod } from "./serving-nodes.ts";

/** A pod got the address of one that is gone, and the node holds on to the MAC address of that. */
export const staleArp = defineFault({
  id: "stale-arp",
  summary: {
    en: "the node resolves the serving pod's address to a MAC address that is gone",
    zh: "节点把提供服务的 Pod 的地址解析到一个已经不存在的 MAC 地址",
  },
  needsNode: true,
  defaultNode: backendNode,
  appliesTo: servesUrls,
  before: ({ plan }, node) => readNeighbour(node.netns, ...placeOf(plan, node)),
  inject: ({ plan }, node) => setNeighbour(node.netns, ...placeOf(plan, node), NOBODYS_MAC),
  heal: ({ plan }, node, before) => restoreNeighbour(node.netns, ...placeOf(plan, node), before),
});

function placeOf(plan: Plan, node: PlannedNode): [address: string, link: string] {
  const pod = servingPod(plan, node);
  return [pod.address, linkToPod(plan, pod)];
}
