import { writeSysctls } from "../netns.ts";
import { defineFault } from "./fault-type.ts";
import { readSwitches, restoreSwitches } from "./forwarding-switches.ts";
import { always, backendNode } from "./serving-nodes.ts";

export const ipForwardOff = defineFault({
  id: "ip-forward-off",
  summary: {
    en: "net.ipv4.ip_forward is 0 on a node",
    zh: "节点的 net.ipv4.ip_forward 为 0",
  },
  needsNode: true,
  defaultNode: backendNode,
  appliesTo: always,
  before: (_lab, node) => readSwitches(node.netns),
  inject: (_lab, node) => writeSysctls(node.netns, { "net.ipv4.ip_forward": "0" }),
  heal: (_lab, node, before) => restoreSwitches(node.netns, before),
});
