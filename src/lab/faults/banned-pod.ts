import { runIn } from "../netns.ts";
import type { Plan, PlannedNode } from "../plan.ts";
import { defineFault, type Fault } from "./fault-type.ts";
import { readRoutes, restoreRoutes } from "./kept-routes.ts";
import { betweenNodes, farNode, frontendNode, servingPod } from "./serving-nodes.ts";

/** What a tool that bans addresses does where it works with routes (fail2ban's action `route`): here it bans a pod. */
export function bannedPod(id: string, type: "blackhole" | "unreachable", summary: Fault["summary"]): Fault {
  return defineFault({
    id,
    summary,
    needsNode: true,
    defaultNode: frontendNode,
    appliesTo: betweenNodes,
    before: (lab, node) => readRoutes(node.netns, bannedAddress(lab.plan, node)),
    inject: async (lab, node) => {
      await runIn(node.netns, ["ip", "-4", "route", "replace", type, bannedAddress(lab.plan, node)]);
    },
    heal: (lab, node, before) => restoreRoutes(node.netns, bannedAddress(lab.plan, node), before),
  });
}

function bannedAddress(plan: Plan, node: PlannedNode): string {
  return `${servingPod(plan, farNode(plan, node)).address}/32`;
}
