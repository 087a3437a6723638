import { rmdirSync, rmSync } from "node:fs";
import { etcNetns, removeEtcFiles } from "./etc.ts";
import { LabError } from "./lab-error.ts";
import { existingNetns, labOfNetns, netnsInode, netnsOfLab, plannedNetns } from "./netns.ts";
import { ETC_NETNS, LABS_DIRECTORY, labPaths } from "./paths.ts";
import { checkName } from "./plan.ts";
import { isAlive, killAll, labProcesses } from "./processes.ts";
import { tryRun } from "./run.ts";
import { labNames, readState } from "./state.ts";

const PASSES = 20;

/** Removes a lab, whole or half built: processes, namespaces, files. True if there was anything to remove. */
export async function labDown(name: string): Promise<boolean> {
  checkName(name);
  const state = readState(name);
  if (state && state.status === "building" && state.builder.pid !== process.pid && isAlive(state.builder)) {
    await killAll([state.builder]);
  }
  const planned = state ? plannedNetns(state.plan) : [];
  let removed = labNames().includes(name);
  // A tool that a killed `lab up` had just started may still make a namespace: look until a whole pass finds nothing.
  for (let pass = 0; pass < PASSES; pass += 1) {
    const left = [...new Set([...planned.filter((netns) => existingNetns().includes(netns)), ...netnsOfLab(name)])];
    const inodes = new Set(left.map(netnsInode).filter((inode) => inode !== null));
    const processes = labProcesses(inodes, state?.plan.marker ?? null);
    if (left.length === 0 && processes.length === 0) break;
    removed = true;
    await killAll(processes);
    await Promise.all(left.map((netns) => tryRun(["ip", "netns", "delete", netns])));
    if (pass === PASSES - 1) {
      throw new LabError(
        {
          en: `Lab "${name}" could not be removed: ${left.join(", ") || "processes"} remain.`,
          zh: `实验环境“${name}”拆不掉：还剩 ${left.join("、") || "进程"}。`,
        },
        {
          en: `Look who is in there: ip netns pids NAME; then again: lasthop lab down --name ${name}`,
          zh: `看看谁还在里面：ip netns pids NAME；然后再来一次：lasthop lab down --name ${name}`,
        },
      );
    }
  }
  for (const netns of new Set([...planned, ...etcNetns().filter((netns) => labOfNetns(netns) === name)])) {
    removeEtcFiles(netns);
  }
  rmSync(labPaths(name).directory, { recursive: true, force: true });
  removeIfEmpty(ETC_NETNS);
  removeIfEmpty(LABS_DIRECTORY);
  return removed;
}

/** Every lab of this machine, also one of which only namespaces are left. */
export async function labDownAll(): Promise<string[]> {
  const orphaned = existingNetns().flatMap((netns) => labOfNetns(netns) ?? []);
  const names = [...new Set([...labNames(), ...orphaned])].sort();
  for (const name of names) await labDown(name);
  return names;
}

function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // Another lab is in it, or it was never made.
  }
}
