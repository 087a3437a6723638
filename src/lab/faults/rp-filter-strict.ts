import { ipBatch, runIn, tryRunIn, writeSysctls } from "../netns.ts";
import type { Plan, PlannedNode } from "../plan.ts";
import { defineFault } from "./fault-type.ts";
import { readRoutes, restoreRoutes } from "./kept-routes.ts";
import { backendNode, betweenNodes, farNode } from "./serving-nodes.ts";

const FILTER = "net.ipv4.conf.all.rp_filter";
/** A bridge of containers that Kubernetes does not know of, whose network is that of the pods: where no tunnel has a way of its own. */
const OTHER_BRIDGE = "docker0";

/** A node with two ways to the same pods: their packets come in by one of them, and it would answer by the other. */
export const rpFilterStrict = defineFault({
  id: "rp-filter-strict",
  summary: {
    en: "strict rp_filter, and the route back to the far pods leads another way than their packets come in",
    zh: "rp_filter 为严格模式，而回到远端 Pod 的路由与报文进来的方向不是同一条路",
  },
  needsNode: true,
  defaultNode: backendNode,
  appliesTo: betweenNodes,
  before: async (lab, node) => ({
    filter: (await runIn(node.netns, ["sysctl", "-n", FILTER])).trim(),
    routes: await readRoutes(node.netns, farNode(lab.plan, node).podCidr),
  }),
  inject: async ({ plan }, node) => {
    if (!hasTunnel(plan)) {
      await tryRunIn(node.netns, ["ip", "link", "add", OTHER_BRIDGE, "type", "bridge"]);
      await ipBatch(node.netns, [`link set ${OTHER_BRIDGE} up`]);
    }
    await ipBatch(node.netns, [`route replace ${farNode(plan, node).podCidr} ${detour(plan, node)}`]);
    await writeSysctls(node.netns, { [FILTER]: "1" });
  },
  heal: async ({ plan }, node, { filter, routes }) => {
    await writeSysctls(node.netns, { [FILTER]: filter });
    await restoreRoutes(node.netns, farNode(plan, node).podCidr, routes);
    if (!hasTunnel(plan)) await tryRunIn(node.netns, ["ip", "link", "del", OTHER_BRIDGE]);
  },
});

function detour(plan: Plan, node: PlannedNode): string {
  return hasTunnel(plan) ? `via ${farNode(plan, node).address} dev eth0` : `dev ${OTHER_BRIDGE}`;
}

function hasTunnel(plan: Plan): boolean {
  return plan.overlay !== "host-gw";
}
