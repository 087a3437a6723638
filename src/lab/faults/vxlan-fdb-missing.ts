import { overlayLink } from "../wiring/overlay.ts";
import { defineFault } from "./fault-type.ts";
import { readRemote, restoreRemote } from "./kept-neighbours.ts";
import { farNode, frontendNode, overVxlan } from "./serving-nodes.ts";

export const vxlanFdbMissing = defineFault({
  id: "vxlan-fdb-missing",
  summary: {
    en: "the node's tunnel has no FDB entry for the node that its traffic goes to",
    zh: "节点的隧道设备缺少流量去往节点的 FDB 条目",
  },
  needsNode: true,
  defaultNode: frontendNode,
  appliesTo: overVxlan,
  before: ({ plan }, node) => readRemote(node.netns, farNode(plan, node).tunnelMac, overlayLink(plan)),
  inject: ({ plan }, node) => restoreRemote(node.netns, farNode(plan, node).tunnelMac, overlayLink(plan), null),
  heal: ({ plan }, node, before) => restoreRemote(node.netns, farNode(plan, node).tunnelMac, overlayLink(plan), before),
});
