import { runIn, tryRunIn } from "../netns.ts";
import { defineFault } from "./fault-type.ts";
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
  /** The route as `ip route show` prints it, which is also how `ip route add` takes it. */
  before: async (lab, node) =>
    (await runIn(node.netns, ["ip", "-4", "route", "show", "exact", farNode(lab.plan, node).podCidr])).trim(),
  inject: async (lab, node) => {
    await tryRunIn(node.netns, ["ip", "-4", "route", "del", farNode(lab.plan, node).podCidr]);
  },
  heal: async (_lab, node, before) => {
    if (before !== "") await runIn(node.netns, ["ip", "-4", "route", "replace", ...before.split(/\s+/)]);
  },
});
