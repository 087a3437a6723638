import type { Ip } from "../../../facts/ip.ts";
import { linkNamed } from "../../../facts/lookup/links.ts";
import { isLocalAddress } from "../../../facts/lookup/routes.ts";
import { scopeNumber, selectIpv4, selectIpv6 } from "../../../facts/lookup/source-address.ts";
import type { Netns, Nexthop, Route } from "../../../facts/netns.ts";
import { type Phrase, phrase } from "../../../facts/phrase.ts";
import type { Read } from "../reads.ts";
import type { Disposition } from "../dispositions.ts";
import type { NotKnown } from "../traveller.ts";
import type { Decision, RouteKey } from "./decision.ts";
import { type FibAnswer, lookUpRoute } from "./fib.ts";
import { isLoopback4, refuseLoopback } from "./localnet.ts";

export interface OutputWay {
  readonly decision: Decision;
  readonly src: Ip;
  readonly share: number;
}

export type OutputAnswer =
  | { readonly is: "ways"; readonly ways: readonly OutputWay[]; readonly reads: readonly Read[] }
  | {
      readonly is: "lost";
      readonly as: Disposition;
      readonly text: Phrase;
      readonly because: Route["because"] | null;
      readonly reads: readonly Read[];
    }
  | (NotKnown & { readonly is: "unknown"; readonly reads: readonly Read[] });

/** ip_route_output_key_hash_rcu: the route of a packet made here, and its source address where it has none yet. */
export function routeOutput(netns: Netns, key: RouteKey, ask: (read: Read) => void): OutputAnswer {
  const stranger = strangeSource(netns, key, ask);
  if (stranger !== null) return stranger;
  const answer = lookUpRoute(netns, key, ask);
  if (answer.is === "unknown") return answer;
  if (answer.is !== "route") {
    const onLink = answer.is === "none" ? assumedOnLink(netns, key) : null;
    if (onLink !== null) return { is: "ways", ways: [onLink], reads: answer.reads };
    return lostBy(answer);
  }
  const { route, nexthops, reads } = answer;
  if (route.type === "local") {
    const decision: Decision = { route, nexthop: nexthops[0] ?? null, dev: "lo", nextHop: null, local: true };
    return { is: "ways", ways: [{ decision, src: key.src ?? route.src ?? key.dst, share: 1 }], reads };
  }
  if (route.type === "broadcast" || route.type === "multicast" || route.type === "anycast") {
    const text = `${route.type} ${key.dst.text}`;
    return { is: "lost", as: "UNSUPPORTED_DESTINATION", text, because: route.because, reads };
  }
  const ways: OutputWay[] = [];
  for (const { nexthop, share } of shareOut(nexthops)) {
    if (nexthop.dev === null)
      return { is: "unknown", why: phrase("route-without-link"), because: route.because, reads };
    const src = key.src ?? sourceFor(netns, route, nexthop, key.dst);
    if (src === null) {
      return {
        is: "unknown",
        why: phrase("source-unknown", { netns: netns.id, address: key.dst.text }),
        because: route.because,
        reads,
      };
    }
    // __mkroute_output
    const refusal = isLoopback4(src) && nexthop.dev !== "lo" ? refuseLoopback(netns, nexthop.dev, ask) : null;
    if (refusal?.is === "refused") return { ...refusal, is: "lost", as: "MARTIAN_SOURCE", because: route.because };
    if (refusal !== null) return refusal;
    const decision = { route, nexthop, dev: nexthop.dev, nextHop: nexthop.via ?? key.dst, local: false };
    ways.push({ decision, src, share });
  }
  return { is: "ways", ways, reads };
}

/** __ip_dev_find: a source that is no address of this netns is not sent from here (ENETUNREACH). */
function strangeSource(netns: Netns, key: RouteKey, ask: (read: Read) => void): OutputAnswer | null {
  if (key.src === null || key.src.family === 6 || !netns.routes.known) return null;
  const read: Read = { of: "local-address", netns: netns.id, ip: key.src };
  ask(read);
  if (isLocalAddress(netns.routes.value, key.src)) return null;
  const text = `src ${key.src.text} is no address of ${netns.id}`;
  return { is: "lost", as: "NO_ROUTE", text, because: null, reads: [read] };
}

/** With a device given and no route, the destination is taken to be on its link. */
function assumedOnLink(netns: Netns, key: RouteKey): OutputWay | null {
  if (key.oif === null || !netns.links.known || key.dst.family !== 4) return null;
  const link = linkNamed(netns.links.value, key.oif);
  if (link === null) return null;
  const src = key.src ?? selectIpv4(netns.links.value, link, null, 253);
  if (src === null) return null;
  const nexthop: Nexthop = { via: null, dev: link.name, weight: 1, flags: [], encap: null };
  const route: Route = {
    type: "unicast",
    dst: { family: 4, base: key.dst.value, length: 32, text: `${key.dst.text}/32` },
    table: 0,
    metric: 0,
    tos: 0,
    scope: "link",
    protocol: "kernel",
    src: null,
    nexthops: [nexthop],
    mtu: null,
    because: link.because,
  };
  return { decision: { route, nexthop, dev: link.name, nextHop: key.dst, local: false }, src, share: 1 };
}

/** fib_select_multipath: by hash, in proportion to the weights. */
export function shareOut(
  nexthops: readonly Nexthop[],
): readonly { readonly nexthop: Nexthop; readonly share: number }[] {
  const total = nexthops.reduce((sum, hop) => sum + Math.max(1, hop.weight), 0);
  return nexthops.map((nexthop) => ({ nexthop, share: Math.max(1, nexthop.weight) / total }));
}

/** fib_result_prefsrc, or RFC 6724 for IPv6. */
export function sourceFor(netns: Netns, route: Route, nexthop: Nexthop, dst: Ip): Ip | null {
  if (route.src !== null) return route.src;
  if (!netns.links.known || nexthop.dev === null) return null;
  const link = linkNamed(netns.links.value, nexthop.dev);
  if (link === null) return null;
  if (dst.family === 6) return selectIpv6(netns.links.value, link, dst);
  return selectIpv4(netns.links.value, link, nexthop.via, scopeNumber(route.scope));
}

/** How a failed lookup ends a packet. */
export function lostBy(answer: Exclude<FibAnswer, { is: "route" } | { is: "unknown" }>): OutputAnswer & { is: "lost" } {
  if (answer.is === "none")
    return { is: "lost", as: "NO_ROUTE", text: phrase("no-route"), because: null, reads: answer.reads };
  const dispositions = {
    blackhole: "BLACKHOLE_ROUTE",
    unreachable: "UNREACHABLE_ROUTE",
    prohibit: "PROHIBIT_ROUTE",
  } as const;
  return {
    is: "lost",
    as: dispositions[answer.as],
    text: answer.text,
    because: answer.because,
    reads: answer.reads,
  };
}
