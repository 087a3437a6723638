import { type Ip, sameIp } from "../ip.ts";
import type { Neighbour, Table } from "../netns.ts";
import { groupBy, indexedBy } from "./table-index.ts";

const byAddress = indexedBy((table: Table<Neighbour>) => groupBy(table, (n) => `${n.dev} ${n.ip.text}`));

/** The neighbour entry of an address on a link; not a proxy entry. */
export function neighbourOf(table: Table<Neighbour>, dev: string, address: Ip): Neighbour | null {
  return (
    byAddress(table)
      .get(`${dev} ${address.text}`)
      ?.find((n) => !n.proxy) ?? null
  );
}

/** `ip neigh add proxy ADDRESS dev DEV`: answered for others on that link (pneigh_lookup). */
export function isProxied(table: Table<Neighbour>, dev: string, address: Ip): boolean {
  return table.some((n) => n.proxy && n.dev === dev && sameIp(n.ip, address));
}

/** NUD_VALID: its MAC address is used without asking first. */
export function isUsable(entry: Neighbour): boolean {
  return entry.mac !== null && ["PERMANENT", "NOARP", "REACHABLE", "STALE", "DELAY", "PROBE"].includes(entry.state);
}

/** What the link hears does not change it (neigh_update). */
export function isFixed(entry: Neighbour): boolean {
  return entry.state === "PERMANENT" || entry.state === "NOARP";
}

/** Nobody has answered for the address. */
export function isUnresolved({ mac, state }: Neighbour): boolean {
  return mac === null || state === "FAILED";
}

export function entryText({ ip, dev, state }: Neighbour): string {
  return `${ip.text} dev ${dev} ${state}`;
}
