import type { Ip } from "../ip.ts";
import type { Route, Table } from "../netns.ts";
import { groupBy, indexedBy } from "./table-index.ts";

/** RT_TABLE_LOCAL, RT_TABLE_MAIN, RT_TABLE_DEFAULT of linux/rtnetlink.h. */
export const TABLE_LOCAL = 255;
export const TABLE_MAIN = 254;
export const TABLE_DEFAULT = 253;

/** Of one routing table and family: prefix lengths, longest first, each with its routes by network. */
type PrefixMap = readonly {
  readonly length: number;
  readonly byBase: ReadonlyMap<bigint, readonly Route[]>;
}[];

const prefixMaps = indexedBy((table: Table<Route>): ReadonlyMap<string, PrefixMap> => {
  const maps = new Map<string, PrefixMap>();
  for (const [key, routes] of groupBy(table, (r) => `${r.dst.family} ${r.table}`)) {
    // The kernel keeps the routes of one prefix by falling TOS, then by rising metric (fib_find_alias).
    const inOrder = [...routes].sort((a, b) => b.tos - a.tos || a.metric - b.metric);
    const lengths = [...groupBy(inOrder, (r) => r.dst.length)].sort(([a], [b]) => b - a);
    maps.set(
      key,
      lengths.map(([length, some]) => ({ length, byBase: groupBy(some, (r) => r.dst.base) })),
    );
  }
  return maps;
});

/** The routes of one table that cover an address, in the order in which fib_table_lookup tries them. */
export function routesCovering(routes: Table<Route>, table: number, address: Ip): readonly Route[] {
  const map = prefixMaps(routes).get(`${address.family} ${table}`);
  if (map === undefined) return [];
  const bits = address.family === 4 ? 32 : 128;
  const found: Route[] = [];
  for (const { length, byBase } of map) {
    const hostBits = BigInt(bits - length);
    found.push(...(byBase.get((address.value >> hostBits) << hostBits) ?? []));
  }
  return found;
}

/** Routes of the local table that were put there by hand: the kernel's own are `proto kernel`. */
export const hasCustomLocalRoutes = indexedBy((routes: Table<Route>) =>
  routes.some((r) => r.dst.family === 4 && r.table === TABLE_LOCAL && r.type === "local" && r.protocol !== "kernel"),
);

/** Does it send to next hops by this link, and not only to those who are on it? */
export function sendsToNextHops(routes: Table<Route>, dev: string): boolean {
  return routes.some((r) => r.nexthops.some((hop) => hop.dev === dev && hop.via !== null));
}

/** Is it an address of this netns? (inet_addr_type: the local table says RTN_LOCAL.) */
export function isLocalAddress(routes: Table<Route>, address: Ip): boolean {
  return routesCovering(routes, TABLE_LOCAL, address)[0]?.type === "local";
}
