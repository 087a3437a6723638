/**
 * Milliseconds of processor time that some work takes, its own threads' included (cpu_usage(2) of this process): on a machine that
 * is busy with something else the clock would tell of that too.
 */
export function processorMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
