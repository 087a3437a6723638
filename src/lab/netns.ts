import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { RUN_NETNS } from "./paths.ts";
import { netnsPrefix, type Plan } from "./plan.ts";
import { type Ran, run, tryRun } from "./run.ts";

export function inNetns(netns: string, argv: readonly string[]): string[] {
  return ["ip", "netns", "exec", netns, ...argv];
}

export function runIn(netns: string, argv: readonly string[], input?: string): Promise<string> {
  return run(inNetns(netns, argv), input === undefined ? {} : { input });
}

export function tryRunIn(netns: string, argv: readonly string[]): Promise<Ran> {
  return tryRun(inNetns(netns, argv));
}

/** One `ip -batch` for many changes: a process a change would make `lab up` several times slower. */
export async function ipBatch(netns: string, lines: readonly string[]): Promise<void> {
  if (lines.length > 0) await run(["ip", "-n", netns, "-batch", "-"], { input: `${lines.join("\n")}\n` });
}

export async function bridgeBatch(netns: string, lines: readonly string[]): Promise<void> {
  if (lines.length > 0) await run(["bridge", "-n", netns, "-batch", "-"], { input: `${lines.join("\n")}\n` });
}

/** Keys as procps takes them: dots between parts, slashes for dots in the names of interfaces. */
export async function writeSysctls(netns: string, values: Readonly<Record<string, string>>): Promise<void> {
  const pairs = Object.entries(values).map(([key, value]) => `${key}=${value}`);
  if (pairs.length > 0) await runIn(netns, ["sysctl", "-q", "-w", ...pairs]);
}

export function sysctlOfLink(link: string, key: string): string {
  return `net.ipv4.conf.${link.replaceAll(".", "/")}.${key}`;
}

export function plannedNetns(plan: Plan): string[] {
  return [
    plan.lanNetns,
    plan.clientNetns,
    ...plan.nodes.map((node) => node.netns),
    ...plan.pods.map((pod) => pod.netns),
  ];
}

export function existingNetns(): string[] {
  try {
    return readdirSync(RUN_NETNS);
  } catch {
    return [];
  }
}

/** The lab that a namespace's name belongs to; see checkName for why this is not ambiguous. */
export function labOfNetns(netns: string): string | null {
  return /^lasthop-([a-z0-9-]+?)-(?:k\d+|lan|client|pod-.+)$/.exec(netns)?.[1] ?? null;
}

export function netnsOfLab(lab: string): string[] {
  return existingNetns().filter((name) => name.startsWith(netnsPrefix(lab)) && labOfNetns(name) === lab);
}

/** Identity of a namespace: the inode that nsfs gives it, the same through /run/netns and through /proc/PID/ns. */
export function netnsInode(netns: string): bigint | null {
  try {
    return statSync(join(RUN_NETNS, netns), { bigint: true }).ino;
  } catch {
    return null;
  }
}
