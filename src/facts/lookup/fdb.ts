import type { FdbEntry, Table } from "../netns.ts";
import { groupBy, indexedBy } from "./table-index.ts";

export const ZERO_MAC = "00:00:00:00:00:00";

const byMac = indexedBy((table: Table<FdbEntry>) => groupBy(table, (e) => e.mac.toLowerCase()));

/** What a bridge knows of a MAC address: entries of its ports, and its own. */
export function bridgeEntries(table: Table<FdbEntry>, bridge: string, mac: string): readonly FdbEntry[] {
  const entries = byMac(table).get(mac.toLowerCase()) ?? [];
  return entries.filter((e) => e.master === bridge && (e.dst === null || !e.self));
}

/** Where a VXLAN device sends a MAC address; the all-zero entries are for all that have none. */
export function remotesOf(table: Table<FdbEntry>, dev: string, mac: string): readonly FdbEntry[] {
  return (byMac(table).get(mac.toLowerCase()) ?? []).filter((e) => e.dev === dev && e.self && e.dst !== null);
}
