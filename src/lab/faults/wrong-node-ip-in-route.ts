import { ipBatch } from "../netns.ts";
import type { Plan, PlannedNode } from "../plan.ts";
import { overlayLink } from "../wiring/overlay.ts";
import { defineFault } from "./fault-type.ts";
import { readRemote, restoreRemote } from "./kept-neighbours.ts";
import { readRoutes, restoreRoutes } from "./kept-routes.ts";
import { betweenNodes, farNode, frontendNode } from "./serving-nodes.ts";

/** In the nodes' own network, and nobody's: what DHCP had given the far node before. */
function oldAddress({ nodes }: Plan): string {
  const isNodes = (address: string): boolean => nodes.some((node) => node.address === address);
  let host = 241;
  while (isNodes(`192.168.6.${host}`)) host -= 1;
  return `192.168.6.${host}`;
}

/** What the CNI's daemon wrote when the far node had another address, and has not written anew since. */
export const wrongNodeIpInRoute = defineFault({
  id: "wrong-node-ip-in-route",
  summary: {
    en: "the far node's address has changed, and the node still sends what is for its pods to the old one",
    zh: "对端节点的地址变了，而本节点仍把去往其 Pod 的流量发往旧地址",
  },
  needsNode: true,
  defaultNode: frontendNode,
  appliesTo: betweenNodes,
  before: async ({ plan }, node) => ({
    routes: await readRoutes(node.netns, farNode(plan, node).podCidr),
    remote: plan.overlay === "vxlan" ? await readRemote(node.netns, ...placeOf(plan, node)) : null,
  }),
  inject: async ({ plan }, node) => {
    if (plan.overlay === "vxlan") return restoreRemote(node.netns, ...placeOf(plan, node), oldAddress(plan));
    const onlink = plan.overlay === "ipip" ? " onlink" : "";
    await ipBatch(node.netns, [
      `route replace ${farNode(plan, node).podCidr} via ${oldAddress(plan)} dev ${overlayLink(plan)}${onlink}`,
    ]);
  },
  heal: async ({ plan }, node, { routes, remote }) => {
    if (plan.overlay === "vxlan") return restoreRemote(node.netns, ...placeOf(plan, node), remote);
    await restoreRoutes(node.netns, farNode(plan, node).podCidr, routes);
  },
});

function placeOf(plan: Plan, node: PlannedNode): [mac: string, link: string] {
  return [farNode(plan, node).tunnelMac, overlayLink(plan)];
}
