import { bridgeBatch, ipBatch, runIn } from "../netns.ts";
import type { Plan, PlannedNode } from "../plan.ts";
import { nodeWiring } from "../wiring/node-wiring.ts";
import { overlayLink } from "../wiring/overlay.ts";
import { defineFault } from "./fault-type.ts";
import { backendNode, overVxlan } from "./serving-nodes.ts";

/** A VNI cannot be changed (vxlan_nl2conf): the device is made anew, and the agent fills it. */
export const vxlanVniMismatch = defineFault({
  id: "vxlan-vni-mismatch",
  summary: {
    en: "the node's tunnel was made anew with another VNI than its peers'",
    zh: "节点的隧道设备重建时用了与其他节点不同的 VNI",
  },
  needsNode: true,
  defaultNode: backendNode,
  appliesTo: overVxlan,
  before: async ({ plan }, node) => {
    const text = await runIn(node.netns, ["ip", "-d", "link", "show", "dev", overlayLink(plan)]);
    return { index: Number(/^\d+/.exec(text)?.[0]), vni: Number(/ vxlan (?:\S+ )*?id (\d+)/.exec(text)?.[1]) };
  },
  inject: ({ plan }, node, { index, vni }) => makeTunnelAnew(plan, node, index, vni + 1),
  heal: ({ plan }, node, { index, vni }) => makeTunnelAnew(plan, node, index, vni),
});

async function makeTunnelAnew(plan: Plan, node: PlannedNode, index: number, vni: number): Promise<void> {
  const { peers, tunnel } = nodeWiring(plan, node);
  const [create = "", ...others] = tunnel;
  await ipBatch(node.netns, [
    `link del ${overlayLink(plan)}`,
    create.replace(/^link add /, `link add index ${index} `).replace(/ id \d+/, ` id ${vni}`),
    ...others,
    ...peers.routes,
  ]);
  await bridgeBatch(node.netns, peers.fdb);
}
