import { overlayLink } from "../wiring/overlay.ts";
import { defineFault } from "./fault-type.ts";
import {
  NOBODYS_MAC,
  readNeighbour,
  readRemote,
  restoreNeighbour,
  restoreRemote,
  setNeighbour,
} from "./kept-neighbours.ts";
import { farNode, frontendNode, overVxlan } from "./serving-nodes.ts";

/** The far tunnel was made anew, and this node's agent missed it: neighbour and FDB entry both name the MAC address of before. */
export const vxlanVtepMacMismatch = defineFault({
  id: "vxlan-vtep-mac-mismatch",
  summary: {
    en: "the node knows the far tunnel by a MAC address that it had before it was made anew",
    zh: "远端隧道设备重建过，节点记着的仍是它原来的 MAC 地址",
  },
  needsNode: true,
  defaultNode: frontendNode,
  appliesTo: overVxlan,
  before: async ({ plan }, node) => {
    const { tunnelAddress, tunnelMac } = farNode(plan, node);
    return {
      neighbour: await readNeighbour(node.netns, tunnelAddress, overlayLink(plan)),
      remote: await readRemote(node.netns, tunnelMac, overlayLink(plan)),
    };
  },
  inject: async ({ plan }, node, { remote }) => {
    const { tunnelAddress, tunnelMac, address } = farNode(plan, node);
    const link = overlayLink(plan);
    await setNeighbour(node.netns, tunnelAddress, link, NOBODYS_MAC);
    await restoreRemote(node.netns, NOBODYS_MAC, link, remote ?? address);
    await restoreRemote(node.netns, tunnelMac, link, null);
  },
  heal: async ({ plan }, node, { neighbour, remote }) => {
    const { tunnelAddress, tunnelMac } = farNode(plan, node);
    const link = overlayLink(plan);
    await restoreNeighbour(node.netns, tunnelAddress, link, neighbour);
    await restoreRemote(node.netns, tunnelMac, link, remote);
    await restoreRemote(node.netns, NOBODYS_MAC, link, null);
  },
});
