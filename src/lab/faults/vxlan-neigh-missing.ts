import { overlayLink } from "../wiring/overlay.ts";
import { defineFault } from "./fault-type.ts";
import { deleteNeighbour, readNeighbour, restoreNeighbour } from "./kept-neighbours.ts";
import { farNode, frontendNode, overVxlan } from "./serving-nodes.ts";

export const vxlanNeighMissing = defineFault({
  id: "vxlan-neigh-missing",
  summary: "the node's tunnel has no neighbour entry for the node that its traffic goes to",
  needsNode: true,
  defaultNode: frontendNode,
  appliesTo: overVxlan,
  before: ({ plan }, node) => readNeighbour(node.netns, farNode(plan, node).tunnelAddress, overlayLink(plan)),
  inject: ({ plan }, node) => deleteNeighbour(node.netns, farNode(plan, node).tunnelAddress, overlayLink(plan)),
  heal: ({ plan }, node, before) =>
    restoreNeighbour(node.netns, farNode(plan, node).tunnelAddress, overlayLink(plan), before),
});
