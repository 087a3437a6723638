import { existsSync } from "node:fs";
import { bridgeBatch, ipBatch, runIn, tryRunIn, writeSysctls } from "../netns.ts";
import { findNode, type Plan, type PlannedNode, type PlannedPod } from "../plan.ts";
import { calicoPodLines } from "./calico.ts";
import { flannelPodLines } from "./flannel.ts";
import {
  clientLines,
  LAN_SYSCTLS,
  lanLines,
  NO_DAD,
  NO_ROUTER,
  NODE_BRIDGE_SYSCTLS,
  NODE_SYSCTLS,
  nodeUplinkLines,
} from "./lan.ts";
import { nodeWiring } from "./node-wiring.ts";

export async function wireLan(plan: Plan): Promise<void> {
  await Promise.all([
    writeSysctls(plan.lanNetns, { ...noDad(), ...NO_ROUTER, ...bridgeKeys(LAN_SYSCTLS) }),
    writeSysctls(plan.clientNetns, { ...noDad(), ...NO_ROUTER }),
    readySysctls(plan.nodes, plan.pods),
  ]);
  await ipBatch(plan.lanNetns, lanLines(plan));
  await ipBatch(plan.clientNetns, clientLines());
}

/** Before any link: new ones inherit from `conf.default`. */
export async function readySysctls(nodes: readonly PlannedNode[], pods: readonly PlannedPod[]): Promise<void> {
  await Promise.all([
    ...nodes.map((node) =>
      writeSysctls(node.netns, { ...noDad(), ...NODE_SYSCTLS, ...bridgeKeys(NODE_BRIDGE_SYSCTLS) }),
    ),
    ...pods.map((pod) => writeSysctls(pod.netns, noDad())),
  ]);
}

export async function wireNode(plan: Plan, node: PlannedNode): Promise<void> {
  const wiring = nodeWiring(plan, node);
  // Loading the module makes tunl0 in every namespace; where it was built in, this makes it (ip-tunnel(8)).
  if (plan.cni === "calico" && plan.overlay === "ipip") {
    await tryRunIn(node.netns, ["ip", "tunnel", "add", "tunl0", "mode", "ipip"]);
  }
  await ipBatch(node.netns, [...nodeUplinkLines(node), ...wiring.tunnel, ...wiring.links]);
  await Promise.all([
    ipBatch(node.netns, wiring.peers.routes),
    bridgeBatch(node.netns, wiring.peers.fdb),
    writeSysctls(node.netns, wiring.sysctls),
    wiring.ipsets.length > 0 ? runIn(node.netns, ["ipset", "restore"], `${wiring.ipsets.join("\n")}\n`) : null,
  ]);
}

export async function wirePods(plan: Plan, pods: readonly PlannedPod[] = plan.pods): Promise<void> {
  await Promise.all(
    pods.map((pod) => {
      const node = findNode(plan, pod.node);
      const lines = plan.cni === "flannel" ? flannelPodLines(plan, node, pod) : calicoPodLines(pod);
      return ipBatch(pod.netns, ["link set lo up", ...lines]);
    }),
  );
}

function noDad(): Readonly<Record<string, string>> {
  return existsSync("/proc/sys/net/ipv6") ? NO_DAD : {};
}

/** Kernels without br_netfilter have none of these keys, and then no bridge calls iptables either. */
function bridgeKeys(values: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return existsSync("/proc/sys/net/bridge") ? values : {};
}
