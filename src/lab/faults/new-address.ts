import { patchObject } from "../api-client.ts";
import { ipBatch, runIn, tryRunIn } from "../netns.ts";
import { findNode, type Plan, type PlannedPod } from "../plan.ts";
import { calicoPodLines, podRoute } from "../wiring/calico.ts";
import { flannelPodLines } from "../wiring/flannel.ts";
import type { FaultLab } from "./fault-type.ts";

export interface Readdressed {
  from: string;
  to: string;
}

/** The last of its node's block that no pod has. */
export function spareAddress(plan: Plan, pod: PlannedPod): string {
  const [block = "", length = ""] = findNode(plan, pod.node).podCidr.split("/");
  const parts = block.split(".").map(Number);
  const taken = new Set(plan.pods.map((other) => other.address));
  // Without the block's last one, which is a broadcast address in a subnet.
  for (let offset = 2 ** (32 - Number(length)) - 2; offset > 1; offset -= 1) {
    const address = [...parts.slice(0, 3), (parts[3] as number) + offset].join(".");
    if (!taken.has(address)) return address;
  }
  throw new TypeError(`the block of ${pod.node} is full`);
}

/** As when its sandbox is made anew: the CNI gives it another address, and its kubelet says so. Done twice it is done once. */
export async function giveAddress({ plan, api }: FaultLab, pod: PlannedPod, from: string, to: string): Promise<void> {
  const node = findNode(plan, pod.node);
  const anew = { ...pod, address: to };
  // With its last address an interface loses its routes (fib_disable_ip).
  await runIn(pod.netns, ["ip", "-4", "address", "flush", "dev", "eth0"]);
  await ipBatch(pod.netns, plan.cni === "flannel" ? flannelPodLines(plan, node, anew) : calicoPodLines(anew));
  // The bridge plugin announces it: whoever knew another pod by that address, before, does no longer.
  if (plan.cni === "flannel") await runIn(node.netns, ["ip", "neigh", "flush", "to", to]);
  if (plan.cni === "calico") {
    await ipBatch(node.netns, [podRoute(anew)]);
    await tryRunIn(node.netns, ["ip", "route", "del", `${from}/32`, "dev", pod.hostLink]);
  }
  await patchObject(api, `/api/v1/namespaces/${pod.namespace}/pods/${pod.name}/status`, [
    { op: "replace", path: "/status/podIP", value: to },
    { op: "replace", path: "/status/podIPs", value: [{ ip: to }] },
  ]);
}
