import type { Netns } from "../../facts/netns.ts";
import type { Read } from "./reads.ts";
import { askSysctl, type Setting } from "./sysctl.ts";

export const CONNTRACK_COUNT = "net.netfilter.nf_conntrack_count";
export const CONNTRACK_MAX = "net.netfilter.nf_conntrack_max";

/** A conntrack table that holds as many entries as it may. */
export interface FullTable {
  readonly count: Setting;
  readonly most: Setting;
}

/**
 * __nf_conntrack_alloc: where the entries of a netns number nf_conntrack_max already, a new one is made only if one that is not
 * assured gives way (early_drop), which no fact tells. 0 is no limit. Null where there is room, or nothing is known of it: only a
 * full table is asked about, as the size of another decides nothing.
 */
export function fullTable(netns: Netns, ask: (read: Read) => void): FullTable | null {
  const unasked = (): void => {};
  const count = askSysctl(netns, CONNTRACK_COUNT, unasked);
  const most = askSysctl(netns, CONNTRACK_MAX, unasked);
  if (count.value === null || most.value === null || most.value === 0 || count.value < most.value) return null;
  ask(most.read);
  return { count, most };
}
