import { readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { LabError } from "./lab-error.ts";
import { LABS_DIRECTORY, labPaths } from "./paths.ts";
import type { Plan } from "./plan.ts";

/** A process by pid and start time: a pid alone may have been given to somebody else since. */
export interface ProcessId {
  pid: number;
  startTicks: string;
}

export interface ActiveFault {
  id: string;
  node: string | null;
  at: string;
  /** What was there before, written down before anything is broken. The fault's own, opaque to the rest. */
  before: unknown;
}

export interface LabState {
  plan: Plan;
  status: "building" | "up";
  builder: ProcessId;
  /** Path of lab-server.js. */
  bundle: string;
  api: (ProcessId & { url: string; ca: string; token: string }) | null;
  faults: readonly ActiveFault[];
}

export function writeState(state: LabState): void {
  const path = labPaths(state.plan.lab).state;
  writeFileSync(`${path}.new`, `${JSON.stringify(state, null, 1)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export function readState(lab: string): LabState | null {
  try {
    return JSON.parse(readFileSync(labPaths(lab).state, "utf8")) as LabState;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EACCES") {
      throw new LabError(
        { en: `The files of lab "${lab}" are root's.`, zh: `实验环境“${lab}”的文件属于 root。` },
        { en: "Use sudo.", zh: "请用 sudo。" },
        { cause },
      );
    }
    return null;
  }
}

/** The state of a lab that is up, or an error which says what to do. */
export function requireLab(lab: string): LabState {
  const state = readState(lab);
  if (!state) {
    const others = labNames();
    throw new LabError(
      { en: `There is no lab "${lab}".`, zh: `没有实验环境“${lab}”。` },
      others.length > 0
        ? {
            en: `Running: ${others.join(", ")}. Choose one with --name.`,
            zh: `正在运行的有：${others.join("、")}。用 --name 选一个。`,
          }
        : { en: "Start one: lasthop lab up", zh: "先建一个：lasthop lab up" },
    );
  }
  if (state.status !== "up") {
    throw new LabError(
      { en: `Lab "${lab}" is only half built.`, zh: `实验环境“${lab}”只建了一半。` },
      { en: `Remove it: lasthop lab down --name ${lab}`, zh: `请拆掉它：lasthop lab down --name ${lab}` },
    );
  }
  return state;
}

export function labNames(): string[] {
  try {
    return readdirSync(LABS_DIRECTORY, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  } catch {
    return [];
  }
}
