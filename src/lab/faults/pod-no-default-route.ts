import { defineFault } from "./fault-type.ts";
import { readRoutes, restoreRoutes } from "./kept-routes.ts";
import { frontendNode, servesUrls, servingPod } from "./serving-nodes.ts";

export const podNoDefaultRoute = defineFault({
  id: "pod-no-default-route",
  summary: {
    en: "the serving pod has no default route",
    zh: "提供服务的 Pod 没有默认路由",
  },
  needsNode: true,
  defaultNode: frontendNode,
  appliesTo: servesUrls,
  before: ({ plan }, node) => readRoutes(servingPod(plan, node).netns, "default"),
  inject: ({ plan }, node) => restoreRoutes(servingPod(plan, node).netns, "default", []),
  heal: ({ plan }, node, before) => restoreRoutes(servingPod(plan, node).netns, "default", before),
});
