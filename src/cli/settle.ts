import { setTimeout as sleep } from "node:timers/promises";
import { untilInterrupted } from "./run.ts";

/** net.ipv4.neigh.DEV.retrans_time_ms, and a little: its default, which hardly anybody changes. */
const RETRANS_MS = 1100;

/**
 * What could not be resolved while it was broken is asked for again within a second (arp(7)); until then packets wait in its
 * queue, and a try would tell of the time before the repair.
 */
export function settle(signal: AbortSignal): Promise<void> {
  return untilInterrupted(sleep(RETRANS_MS, undefined, { signal }), signal);
}
