import { sysctlOfLink, writeSysctls } from "../netns.ts";
import type { Plan } from "../plan.ts";
import { overlayLink } from "../wiring/overlay.ts";
import { defineFault } from "./fault-type.ts";
import { readSwitches, restoreSwitches } from "./forwarding-switches.ts";
import { always, backendNode } from "./serving-nodes.ts";

/** The global switch stays 1: only the flag of the interface that a packet comes in by counts. */
export const perIfaceForwardingOff = defineFault({
  id: "per-iface-forwarding-off",
  summary: {
    en: "conf.IFACE.forwarding is 0 on the interface that other nodes' traffic comes in by; ip_forward stays 1",
    zh: "其他节点的流量从某个接口进来，而它的 conf.IFACE.forwarding 为 0；ip_forward 仍为 1",
  },
  needsNode: true,
  defaultNode: backendNode,
  appliesTo: always,
  before: (_lab, node) => readSwitches(node.netns),
  inject: (lab, node) => writeSysctls(node.netns, { [sysctlOfLink(ingressLink(lab.plan), "forwarding")]: "0" }),
  heal: (_lab, node, before) => restoreSwitches(node.netns, before),
});

/** With one node there is no overlay to come in by, only the uplink. */
function ingressLink(plan: Plan): string {
  return plan.nodes.length > 1 ? overlayLink(plan) : "eth0";
}
