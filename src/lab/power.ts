import { markBoot } from "./boot.ts";
import { existingNetns, ipBatch, netnsInode, runIn } from "./netns.ts";
import type { Plan, PlannedNode, PlannedPod } from "./plan.ts";
import { killAll, labProcesses } from "./processes.ts";
import { baseRules } from "./rules/base-rules.ts";
import { iptablesRestore } from "./rules/iptables-tool.ts";
import { buildMarker, run, tryRun } from "./run.ts";
import { startPod } from "./servers.ts";
import { nodePortLines } from "./wiring/lan.ts";
import { readySysctls, wireNode, wirePods } from "./wiring/wire.ts";

/** A machine without power keeps nothing: its processes, its pods, its tables and its link to the switch are gone. */
export async function powerOff(plan: Plan, node: PlannedNode): Promise<void> {
  const all = namespacesOf(plan, node).filter((name) => existingNetns().includes(name));
  await tryRun(["ip", "-n", plan.lanNetns, "link", "delete", node.name]);
  await killAll(labProcesses(new Set(all.map(netnsInode).filter((inode) => inode !== null)), null));
  await Promise.all(all.map((name) => run(["ip", "netns", "delete", name])));
}

/**
 * Boots a node that is off: its links, the CNI's and kubelet's rules, its pods' servers. kube-proxy's own rules come from
 * the API. @param bundle path of lab-server.js
 */
export async function powerOn(plan: Plan, node: PlannedNode, bundle: string): Promise<void> {
  if (existingNetns().includes(node.netns)) await powerOff(plan, node);
  const pods = podsOn(plan, node);
  await buildMarker.run(plan.marker, async () => {
    await Promise.all(namespacesOf(plan, node).map((name) => run(["ip", "netns", "add", name])));
    markBoot(plan.lab, node);
    await readySysctls([node], pods);
    await ipBatch(plan.lanNetns, nodePortLines(node));
    await wireNode(plan, node);
    await wirePods(plan, pods);
    await runIn(node.netns, await iptablesRestore(), baseRules(plan, node));
    await Promise.all(pods.map((pod) => startPod(plan, pod, bundle)));
  });
}

export function podsOn(plan: Plan, node: PlannedNode): readonly PlannedPod[] {
  return plan.pods.filter((pod) => pod.node === node.name);
}

function namespacesOf(plan: Plan, node: PlannedNode): readonly string[] {
  return [node.netns, ...podsOn(plan, node).map((pod) => pod.netns)];
}
