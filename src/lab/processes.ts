import { readdirSync, readFileSync, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { ProcessId } from "./state.ts";

/** The variable that marks every process a lab starts, so that `lab down` finds also those that a crash orphaned. */
export const MARKER = "LASTHOP_LAB_MARKER";

export function processId(pid: number): ProcessId | null {
  const startTicks = startTicksOf(pid);
  return startTicks === null ? null : { pid, startTicks };
}

export function isAlive(id: ProcessId): boolean {
  return startTicksOf(id.pid) === id.startTicks;
}

/** Field 22 of proc_pid_stat(5). The command name in field 2 may hold spaces and brackets: count after its last one. */
function startTicksOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

function allPids(proc = "/proc"): number[] {
  return readdirSync(proc)
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Processes that are inside one of the namespaces, or carry the marker, or both. Never this process itself. */
export function labProcesses(inodes: ReadonlySet<bigint>, marker: string | null): ProcessId[] {
  const found: ProcessId[] = [];
  for (const pid of allPids()) {
    if (pid === process.pid) continue;
    if (!isInside(pid, inodes) && !(marker !== null && isMarked(pid, marker))) continue;
    const id = processId(pid);
    if (id) found.push(id);
  }
  return found;
}

function isInside(pid: number, inodes: ReadonlySet<bigint>): boolean {
  try {
    return inodes.has(statSync(`/proc/${pid}/ns/net`, { bigint: true }).ino);
  } catch {
    return false;
  }
}

function isMarked(pid: number, marker: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(`${MARKER}=${marker}`);
  } catch {
    return false;
  }
}

/** Its name for the kernel, cut to 15 letters (TASK_COMM_LEN); null when it has ended. */
export function commandName(pid: number, proc = "/proc"): string | null {
  try {
    return readFileSync(`${proc}/${pid}/comm`, "utf8").trim();
  } catch {
    return null;
  }
}

/** Kills and waits until they are gone: a namespace lives as long as a process is in it. */
export async function killAll(ids: readonly ProcessId[], deadlineMs = 5000): Promise<void> {
  for (const id of ids) {
    if (!isAlive(id)) continue;
    try {
      process.kill(id.pid, "SIGKILL");
    } catch {
      // It ended between the look and the kill.
    }
  }
  const giveUpAt = Date.now() + deadlineMs;
  while (ids.some(isAlive) && Date.now() < giveUpAt) await sleep(5);
}

/** Command names of kubelets, also of the distributions that link it into a binary of their own. */
const KUBELETS = new Set(["kubelet", "k3s-server", "k3s-agent", "kubelite", "k0s"]);

export function findKubelet(proc = "/proc"): { pid: number; name: string } | null {
  for (const pid of allPids(proc)) {
    const name = commandName(pid, proc);
    if (name !== null && KUBELETS.has(name)) return { pid, name };
  }
  return null;
}
