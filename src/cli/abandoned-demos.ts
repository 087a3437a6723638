import { labDown } from "../lab/down.ts";
import { isAlive } from "../lab/processes.ts";
import { labNames, readState } from "../lab/state.ts";

/** A demo's lab is named after its process, which takes it down at the end. */
export function demoName(pid: number): string {
  return `demo-${pid}`;
}

/** Takes down the labs of demos whose process was killed before it could. @returns their names */
export async function removeAbandonedDemos(): Promise<readonly string[]> {
  if (process.getuid?.() !== 0) return [];
  const abandoned = labNames().filter((name) => /^demo-\d+$/.test(name) && !isOwned(name));
  for (const name of abandoned) await labDown(name);
  return abandoned;
}

/** A pid may have been given to somebody else since: the state knows when its process was started. */
function isOwned(name: string): boolean {
  const state = readState(name);
  return state === null ? isRunning(Number(name.slice("demo-".length))) : isAlive(state.builder);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
