import { runIn, tryRunIn } from "../netns.ts";
import type { Plan, PlannedNode } from "../plan.ts";
import { defineFault } from "./fault-type.ts";
import { backendNode, frontendNode } from "./serving-nodes.ts";

export const noRouteToPodCidr = defineFault({
  id: "no-route-to-pod-cidr",
  summary: "the node lacks the route to the pods of the node that its traffic goes to",
  needsNode: true,
  defaultNode: frontendNode,
  appliesTo: (plan) => (plan.nodes.length > 1 ? null : "it has one node only, and so no routes between nodes"),
  /** The route as `ip route show` prints it, which is also how `ip route add` takes it. */
  before: async (lab, node) =>
    (await runIn(node.netns, ["ip", "-4", "route", "show", "exact", farPods(lab.plan, node)])).trim(),
  inject: async (lab, node) => {
    await tryRunIn(node.netns, ["ip", "-4", "route", "del", farPods(lab.plan, node)]);
  },
  heal: async (_lab, node, before) => {
    if (before !== "") await runIn(node.netns, ["ip", "-4", "route", "replace", ...before.split(/\s+/)]);
  },
});

/** From the gateway's node traffic goes to the backend; on every other node it goes (or answers) to the gateway. */
function farPods(plan: Plan, node: PlannedNode): string {
  const far = node === frontendNode(plan) ? backendNode(plan) : frontendNode(plan);
  return far.podCidr;
}
