import { contains, type Ip, sameIp } from "../../../facts/ip.ts";
import type { Nexthop, Route } from "../../../facts/netns.ts";

/** RT_TABLE_MAIN, RT_TABLE_LOCAL (include/uapi/linux/rtnetlink.h). */
export const MAIN = 254;
export const LOCAL = 255;

/** The routes of one table that cover an address, best first: longest prefix, then lowest metric. */
export function coveringRoutes(routes: readonly Route[], table: number, dst: Ip): readonly Route[] {
  return routes
    .filter((route) => route.table === table && contains(route.dst, dst))
    .sort((a, b) => b.dst.length - a.dst.length || a.metric - b.metric);
}

export function bestRoute(routes: readonly Route[], table: number, dst: Ip): Route | null {
  let best: Route | null = null;
  for (const route of routes) {
    if (route.table !== table || !contains(route.dst, dst)) continue;
    if (
      best === null ||
      route.dst.length > best.dst.length ||
      (route.dst.length === best.dst.length && route.metric < best.metric)
    ) {
      best = route;
    }
  }
  return best;
}

/** The same place in the table: what `ip route replace` replaces (fib_table_insert, NLM_F_REPLACE). */
export function samePlace(a: Route, b: Route): boolean {
  return (
    a.table === b.table &&
    a.metric === b.metric &&
    a.tos === b.tos &&
    a.dst.family === b.dst.family &&
    a.dst.length === b.dst.length &&
    a.dst.base === b.dst.base
  );
}

/** The same way: type and next hops, whoever installed it. */
export function sameWay(a: Route, b: Route): boolean {
  return (
    a.type === b.type &&
    a.nexthops.length === b.nexthops.length &&
    a.nexthops.every((hop, i) => sameHop(hop, b.nexthops[i]))
  );
}

function sameHop(a: Nexthop, b: Nexthop | undefined): boolean {
  return b !== undefined && a.dev === b.dev && sameIp(a.via, b.via) && a.encap === b.encap;
}

/** As iproute2 prints it, without its table: `10.42.1.0/24 via 10.42.1.0 dev flannel.1 onlink`. */
export function routeText(route: Route): string {
  const words = [route.type === "unicast" ? "" : route.type, prefixText(route)];
  const [only, ...more] = route.nexthops;
  if (only !== undefined && more.length === 0) words.push(hopText(only));
  if (route.protocol !== "" && route.protocol !== "boot") words.push("proto", route.protocol);
  if (route.scope !== "" && route.scope !== "global") words.push("scope", route.scope);
  if (route.src !== null) words.push("src", route.src.text);
  if (route.metric !== 0) words.push("metric", String(route.metric));
  if (route.mtu !== null) words.push("mtu", String(route.mtu));
  if (only !== undefined && more.length === 0) words.push(...only.flags);
  if (more.length > 0) {
    for (const hop of route.nexthops) words.push("nexthop", hopText(hop), "weight", String(hop.weight), ...hop.flags);
  }
  return words.filter((word) => word !== "").join(" ");
}

function prefixText(route: Route): string {
  if (route.dst.length === 0) return "default";
  return route.dst.length === (route.dst.family === 4 ? 32 : 128) ? route.dst.text.replace(/\/\d+$/, "") : route.dst.text;
}

function hopText(hop: Nexthop): string {
  const words = [];
  if (hop.encap !== null) words.push(hop.encap);
  if (hop.via !== null) words.push("via", hop.via.text);
  if (hop.dev !== null) words.push("dev", hop.dev);
  return words.join(" ");
}

export function tableName(table: number): string {
  return table === MAIN ? "main" : table === LOCAL ? "local" : table === 253 ? "default" : String(table);
}
