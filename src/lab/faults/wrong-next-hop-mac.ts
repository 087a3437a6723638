import { defineFault } from "./fault-type.ts";
import { NOBODYS_MAC, readNeighbour, restoreNeighbour, setNeighbour } from "./kept-neighbours.ts";
import { betweenNodes, farNode, frontendNode } from "./serving-nodes.ts";

/** The far node's VM was made anew, with another card, and somebody had pinned its address to the old one. */
export const wrongNextHopMac = defineFault({
  id: "wrong-next-hop-mac",
  summary: {
    en: "a permanent neighbour entry names a wrong MAC address for the node that the traffic goes to",
    zh: "一条永久邻居条目，把流量去往的节点指到了错误的 MAC 地址",
  },
  needsNode: true,
  defaultNode: frontendNode,
  appliesTo: betweenNodes,
  before: ({ plan }, node) => readNeighbour(node.netns, farNode(plan, node).address, "eth0"),
  inject: ({ plan }, node) => setNeighbour(node.netns, farNode(plan, node).address, "eth0", NOBODYS_MAC),
  heal: ({ plan }, node, before) => restoreNeighbour(node.netns, farNode(plan, node).address, "eth0", before),
});
