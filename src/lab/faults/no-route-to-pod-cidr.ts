import { defineFault } from "./fault-type.ts";
import { readRoutes, restoreRoutes } from "./kept-routes.ts";
import { betweenNodes, farNode, frontendNode } from "./serving-nodes.ts";

export const noRouteToPodCidr = defineFault({
  id: "no-route-to-pod-cidr",
  summary: {
    en: "the node lacks the route to the pods of the node that its traffic goes to",
    zh: "节点少了一条路由，到不了流量要去的那个节点的 Pod 网段",
  },
  needsNode: true,
  defaultNode: frontendNode,
  appliesTo: betweenNodes,
  before: ({ plan }, node) => readRoutes(node.netns, farNode(plan, node).podCidr),
  inject: ({ plan }, node) => restoreRoutes(node.netns, farNode(plan, node).podCidr, []),
  heal: ({ plan }, node, before) => restoreRoutes(node.netns, farNode(plan, node).podCidr, before),
});
