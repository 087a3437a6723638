import { type Ip, sameIp } from "../../../facts/ip.ts";
import { routesCovering } from "../../../facts/lookup/routes.ts";
import type { Nexthop, Route, Table } from "../../../facts/netns.ts";

export function bestRoute(routes: Table<Route>, table: number, dst: Ip): Route | null {
  return routesCovering(routes, table, dst)[0] ?? null;
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

/** All that iproute2 prints of it, protocol included, but its table: `10.42.1.0/24 via 10.42.1.0 dev flannel.1 onlink`. */
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
  return route.dst.length === (route.dst.family === 4 ? 32 : 128)
    ? route.dst.text.replace(/\/\d+$/, "")
    : route.dst.text;
}

function hopText(hop: Nexthop): string {
  const words = [];
  if (hop.encap !== null) words.push(hop.encap);
  if (hop.via !== null) words.push("via", hop.via.text);
  if (hop.dev !== null) words.push("dev", hop.dev);
  return words.join(" ");
}
