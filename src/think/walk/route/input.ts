import { contains, type Ip, prefix } from "../../../facts/ip.ts";
import { confKey } from "../../../facts/lookup/sysctls.ts";
import type { Netns, Route } from "../../../facts/netns.ts";
import { type Phrase, phrase } from "../../../facts/phrase.ts";
import type { Disposition } from "../dispositions.ts";
import type { Read } from "../reads.ts";
import { askSysctl, settingText } from "../sysctl.ts";
import type { NotKnown } from "../traveller.ts";
import type { Decision, RouteKey } from "./decision.ts";
import { lookUpRoute } from "./fib.ts";
import { isLoopback4, refuseLoopback } from "./localnet.ts";
import { lostBy, shareOut } from "./output.ts";
import { type SourceVerdict, validateSource } from "./reverse-path.ts";
import { routeText } from "./words.ts";

export type InputAnswer =
  | {
      readonly is: "ways";
      readonly ways: readonly {
        readonly decision: Decision;
        readonly share: number;
        readonly reverse: Phrase | null;
      }[];
    }
  | {
      readonly is: "lost";
      readonly as: Disposition;
      readonly text: Phrase;
      readonly because: Route["because"] | null;
      readonly reads: readonly Read[];
    }
  | (NotKnown & { readonly is: "unknown"; readonly reads: readonly Read[] });

const ZERO4 = prefix("0.0.0.0/8");
const MULTICAST4 = prefix("224.0.0.0/4");
const MULTICAST6 = prefix("ff00::/8");

/** ip_route_input_slow (net/ipv4/route.c), ip6_route_input with the gate of ip6_forward. */
export function routeInput(netns: Netns, key: RouteKey & { readonly src: Ip }, ask: (read: Read) => void): InputAnswer {
  const martian = impossibleAddresses(netns, key, ask);
  if (martian !== null) return martian;
  const answer = lookUpRoute(netns, key, ask);
  if (answer.is === "unknown") return answer;

  if (answer.is === "route" && answer.route.type === "local") {
    const { route } = answer;
    const decision: Decision = { route, nexthop: answer.nexthops[0] ?? null, dev: "lo", nextHop: null, local: true };
    return checkSource(validateSource({ netns, key, src: key.src, oif: null }, ask), route, (reverse) => ({
      is: "ways",
      ways: [{ decision, share: 1, reverse }],
    }));
  }
  if (answer.is === "route" && (answer.route.type === "broadcast" || answer.route.type === "multicast")) {
    const { route, reads } = answer;
    return { is: "lost", as: "UNSUPPORTED_DESTINATION", text: routeText(route), because: route.because, reads };
  }

  const gate = forwardingGate(netns, key.iif, key.dst.family, ask);
  if (gate.open === false) {
    const reads = answer.is === "route" ? gate.reads : [...gate.reads, ...answer.reads];
    return { is: "lost", as: "FORWARDING_OFF", text: gate.text, because: gate.because, reads };
  }
  // Dead either way: the missing route is certain, the switch is not.
  if (answer.is !== "route") return lostBy(answer);
  if (gate.open === null) {
    const why = phrase("forwarding-unknown", { netns: netns.id, link: key.iif });
    return { is: "unknown", why, because: null, reads: gate.reads };
  }
  if (answer.route.type !== "unicast") {
    const { route, reads } = answer;
    return { is: "lost", as: "MARTIAN_DESTINATION", text: routeText(route), because: route.because, reads };
  }
  return forwardWays(netns, key, answer.route, shareOut(answer.nexthops), ask);
}

function forwardWays(
  netns: Netns,
  key: RouteKey & { readonly src: Ip },
  route: Route,
  hops: ReturnType<typeof shareOut>,
  ask: (read: Read) => void,
): InputAnswer {
  const ways: { decision: Decision; share: number; reverse: Phrase | null }[] = [];
  for (const { nexthop, share } of hops) {
    if (nexthop.dev === null) {
      return { is: "unknown", why: phrase("route-without-link"), because: route.because, reads: [] };
    }
    const source = validateSource({ netns, key, src: key.src, oif: nexthop.dev }, ask);
    if (source.is !== "valid") return checkSource(source, route, () => ({ is: "ways", ways: [] }));
    const decision = { route, nexthop, dev: nexthop.dev, nextHop: nexthop.via ?? key.dst, local: false };
    ways.push({ decision, share, reverse: source.detail });
  }
  return { is: "ways", ways };
}

function checkSource(source: SourceVerdict, route: Route, valid: (reverse: Phrase | null) => InputAnswer): InputAnswer {
  if (source.is === "valid") return valid(source.detail);
  if (source.is === "unknown") return source;
  const as = source.is === "filtered" ? "RP_FILTER" : "MARTIAN_SOURCE";
  return { is: "lost", as, text: source.detail, because: route.because, reads: source.reads };
}

/** Sources and destinations that no route can make right. */
function impossibleAddresses(
  netns: Netns,
  key: RouteKey & { readonly src: Ip },
  ask: (read: Read) => void,
): InputAnswer | null {
  const { src, dst } = key;
  const lost = (as: Disposition, text: string, reads: readonly Read[] = []): InputAnswer => ({
    is: "lost",
    as,
    text,
    because: null,
    reads,
  });
  if (contains(MULTICAST4, dst) || contains(MULTICAST6, dst) || dst.text === "255.255.255.255") {
    return lost("UNSUPPORTED_DESTINATION", dst.text);
  }
  if (dst.family === 6) {
    const loops = (dst.value === 1n || src.value === 1n) && key.iif !== "lo";
    return loops ? lost(dst.value === 1n ? "MARTIAN_DESTINATION" : "MARTIAN_SOURCE", dst.text) : null;
  }
  if (contains(MULTICAST4, src) || contains(ZERO4, src) || src.text === "255.255.255.255") {
    return lost("MARTIAN_SOURCE", src.text);
  }
  if (contains(ZERO4, dst)) return lost("MARTIAN_DESTINATION", dst.text);
  if (key.iif === "lo" || !(isLoopback4(dst) || isLoopback4(src))) return null;
  const refusal = refuseLoopback(netns, key.iif, ask);
  if (refusal?.is !== "refused") return refusal;
  return lost(isLoopback4(dst) ? "MARTIAN_DESTINATION" : "MARTIAN_SOURCE", refusal.text, refusal.reads);
}

/** May packets that come in here be forwarded? Null: not known. */
export function forwardingGate(netns: Netns, iif: string, family: 4 | 6, ask: (read: Read) => void) {
  if (family === 4) {
    const own = askSysctl(netns, confKey(4, iif, "forwarding"), ask);
    const open = own.value === null ? null : own.value !== 0;
    if (open !== false) return { open, reads: [own.read], text: settingText(own), because: own.fact?.because ?? null };
    // With routing off for all, that is the switch which was turned: the interface's only followed it.
    const global = askSysctl(netns, "net.ipv4.ip_forward", ask);
    const reads = global.value === 0 ? [own.read, global.read] : [own.read];
    const text = global.value === 0 ? `${settingText(global)}, ${settingText(own)}` : settingText(own);
    const because = (global.value === 0 ? global.fact : own.fact)?.because ?? null;
    return { open, reads, text, because };
  }
  const all = askSysctl(netns, confKey(6, "all", "forwarding"), ask);
  if (all.value !== 0) {
    const open = all.value === null ? null : true;
    return { open, reads: [all.read], text: settingText(all), because: all.fact?.because ?? null };
  }
  const forced = askSysctl(netns, confKey(6, iif, "force_forwarding"), ask, 0);
  const open = forced.value === null ? null : forced.value !== 0;
  const text = `${settingText(all)}, ${settingText(forced)}`;
  return { open, reads: [all.read, forced.read], text, because: all.fact?.because ?? null };
}
