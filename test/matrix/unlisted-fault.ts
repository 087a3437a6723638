import type { Lab } from "../../src/lab/lab.ts";
import { type Plan, type PlannedNode, type PlannedPod, podOf } from "../../src/lab/plan.ts";
import { command } from "../lab/command.ts";

/** Command lines to run in a namespace, by its name under /run/netns. Words are parted by spaces; '…' keeps some together. */
export interface Step {
  readonly netns: string;
  readonly lines: readonly string[];
}

/** What faults speak of: the gateway's side and the backend's side of the lab's URL. */
export interface Scene {
  readonly lab: Lab;
  readonly plan: Plan;
  /** Where the gateway runs, and its pod. */
  readonly near: PlannedNode;
  readonly gateway: PlannedPod;
  /** Where the backend runs, and its pod. */
  readonly far: PlannedNode;
  readonly backend: PlannedPod;
  /** The tunnel's device. */
  readonly tunnel: string;
}

/** A fault that the lab does not know, made with the tools that an administrator has. */
export interface UnlistedFault {
  readonly id: string;
  readonly cni: "flannel" | "calico";
  readonly inject: (scene: Scene) => readonly Step[];
  readonly revert: (scene: Scene) => readonly Step[];
  /** After a repair was taken back: what machines remember of the time in between would hide that it is broken. */
  readonly forget?: (scene: Scene) => readonly Step[];
  /** Causes that are true, as `ID NODE OBJECT`. Whatever else a verdict calls likely is false; to say nothing is never wrong. */
  readonly truths: (scene: Scene) => readonly RegExp[];
}

export function sceneOf(lab: Lab, plan: Plan): Scene {
  const gateway = podOf(plan, "frontend");
  const backend = podOf(plan, "backend");
  return {
    lab,
    plan,
    near: nodeOf(plan, gateway),
    gateway,
    far: nodeOf(plan, backend),
    backend,
    tunnel: plan.cni === "flannel" ? "flannel.1" : "vxlan.calico",
  };
}

export async function runSteps(steps: readonly Step[]): Promise<void> {
  for (const { netns, lines } of steps) {
    for (const line of lines) {
      const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? "");
      const { code, stderr } = await command("ip", "netns", "exec", netns, ...words);
      if (code !== 0) throw new Error(`${netns}: ${line}: ${stderr.trim()}`);
    }
  }
}

export function on(netns: string, ...lines: string[]): Step {
  return { netns, lines };
}

/** Patterns for the whole of `ID NODE OBJECT`. */
export function only(...patterns: string[]): readonly RegExp[] {
  return patterns.map((pattern) => new RegExp(`^${pattern}$`));
}

function nodeOf(plan: Plan, pod: PlannedPod): PlannedNode {
  const node = plan.nodes.find((one) => one.name === pod.node);
  if (node === undefined) throw new Error(`the plan has no node ${pod.node}`);
  return node;
}

/** The namespace of the network between the nodes. */
export function lanOf(clientNetns: string): string {
  return clientNetns.replace(/client$/, "lan");
}
