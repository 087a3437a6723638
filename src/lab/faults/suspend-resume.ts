import { bridgeBatch, ipBatch, writeSysctls } from "../netns.ts";
import type { Plan, PlannedNode } from "../plan.ts";
import { defaultRoute } from "../wiring/lan.ts";
import { nodeWiring } from "../wiring/node-wiring.ts";
import { overlayLink } from "../wiring/overlay.ts";
import { defineFault } from "./fault-type.ts";
import { readSwitches, restoreSwitches } from "./forwarding-switches.ts";
import { always, backendNode } from "./serving-nodes.ts";

/**
 * The incident: a node's VM sleeps and wakes. Its network service takes the links down and up, which removes their
 * routes and neighbours; the network service and the CNI's daemon put those back; nobody puts ip_forward back.
 */
export const suspendResume = defineFault({
  id: "suspend-resume",
  summary: {
    en: "the node slept and woke: links, routes, neighbours are back, but ip_forward was left 0",
    zh: "节点睡眠后醒来：接口、路由、邻居都恢复了，唯独 ip_forward 留在 0",
  },
  needsNode: true,
  defaultNode: backendNode,
  appliesTo: always,
  before: (_lab, node) => readSwitches(node.netns),
  inject: async (lab, node) => {
    const links = [...new Set(["eth0", overlayLink(lab.plan)])];
    await ipBatch(
      node.netns,
      links.map((link) => `link set ${link} down`),
    );
    await writeSysctls(node.netns, { "net.ipv4.ip_forward": "0" });
    await ipBatch(
      node.netns,
      links.map((link) => `link set ${link} up`),
    );
    await restorePeers(lab.plan, node);
  },
  heal: async (lab, node, before) => {
    await restorePeers(lab.plan, node);
    await restoreSwitches(node.netns, before);
  },
});

async function restorePeers(plan: Plan, node: PlannedNode): Promise<void> {
  const { peers } = nodeWiring(plan, node);
  await ipBatch(node.netns, [defaultRoute(), ...peers.routes]);
  await bridgeBatch(node.netns, peers.fdb);
}
