import { readFileSync } from "node:fs";

/** Linux's USER_HZ, in which /proc tells processor time: 100 on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

/**
 * The least processor time of some runs, of this process and the children that it waited for, in milliseconds: what the
 * work costs on one core, whatever else the machine is doing.
 */
export function bestCpuMs(run: () => unknown, runs = 3): number {
  const times = Array.from({ length: runs }, () => {
    const startedAt = cpuMs();
    run();
    return cpuMs() - startedAt;
  });
  return Math.min(...times);
}

/** Fields cutime and cstime of proc_pid_stat(5), and this process's own use to the microsecond. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  const stat = readFileSync("/proc/self/stat", "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ofChildren = Number(fields[13]) + Number(fields[14]);
  return (user + system) / 1000 + (ofChildren * 1000) / TICKS_PER_SECOND;
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

export function perSecond(count: number, ms: number): string {
  return `${Math.round(count / (ms / 1000)).toLocaleString("en")}/s`;
}
