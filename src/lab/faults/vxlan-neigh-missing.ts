import { overlayLink } from "../wiring/overlay.ts";
import { defineFault } from "./fault-type.ts";
import { deleteNeighbour, readNeighbour, restoreNeighbour } from "./kept-neighbours.ts";
import { farNode, frontendNode, overVxlan } from "./serving-nodes.ts";

export const vxlanNeighMissing = defineFault({
  id: "vxlan-neigh-missing",
  summary: {
    en: "the node's tunnel has no neighbour entry for the node that its traffic goes to",
    zh: "节点的隧道设备缺少流量去往节点的邻居条目",
  },
  needsNode: true,
  defaultNode: frontendNode,
  appliesTo: overVxlan,
  before: ({ plan }, node) => readNeighbour(node.netns, farNode(plan, node).tunnelAddress, overlayLink(plan)),
  inject: ({ plan }, node) => deleteNeighbour(node.netns, farNode(plan, node).tunnelAddress, overlayLink(plan)),
  heal: ({ plan }, node, before) =>
    restoreNeighbour(node.netns, farNode(plan, node).tunnelAddress, overlayLink(plan), before),
});
