import { contains, type Ip, prefix } from "../../facts/ip.ts";
import { linkNamed } from "../../facts/lookup/links.ts";
import { routesCovering, TABLE_LOCAL } from "../../facts/lookup/routes.ts";
import { selectIpv4, selectIpv6 } from "../../facts/lookup/source-address.ts";
import type { Netns } from "../../facts/netns.ts";
import type { Hook } from "../../facts/ruleset.ts";
import { findConnection, matchConnection } from "./netfilter/connection.ts";
import type { Connection, HookContext, HookOutcome, RulePlace } from "./netfilter/contract.ts";
import { traverseHook } from "./netfilter/traverse-hook.ts";
import { outerIp, type Packet } from "./packet.ts";
import type { Read } from "./reads.ts";
import { payloadOf, portsOf } from "./packet-parts.ts";
import { leavesThrough, lookUpRoute } from "./route/fib.ts";
import { type FullTable, fullTable } from "./conntrack-table.ts";
import { settingText } from "./sysctl.ts";
import type { Move, Traveller } from "./traveller.ts";

export interface HookPass {
  readonly netns: Netns;
  readonly hook: Hook;
  readonly iif: string | null;
  readonly oif: string | null;
  readonly physIn: string | null;
  readonly physOut: string | null;
  /** The link that the step names, and the branch if it ends here. */
  readonly link: string | null;
  /** For MASQUERADE: whom the packet is handed to next. */
  readonly nextHop: Ip | null;
}

/** Takes a packet through one netfilter hook; `go` continues every way that comes out of it. */
export function passHook(
  traveller: Traveller,
  pass: HookPass,
  go: (traveller: Traveller, outcome: HookOutcome) => readonly Move[],
): readonly Move[] {
  const { netns, hook } = pass;
  // nf_conntrack_in looks the packet up where it enters the netns; over loopback it keeps what it has.
  const enters = hook === "OUTPUT" || (hook === "PREROUTING" && pass.iif !== "lo");
  if (enters) traveller.connection = knownConnection(traveller, netns);
  const before = traveller.packet;
  const outcomes = traverseHook(contextFor(traveller, pass));
  const opens = enters && traveller.connection === null && outcomes.some((outcome) => outcome.connection !== null);
  const full = opens ? fullTable(netns, traveller.ask) : null;
  const ways: readonly (HookOutcome | FullTable)[] = full === null ? outcomes : [full, ...outcomes];
  return traveller.split(
    ways,
    (way) => (full === null && "verdict" in way ? way.weight : null),
    (fork, outcome) => {
      if (!("verdict" in outcome)) return refuse(fork, pass, outcome);
      fork.packet = outcome.packet;
      fork.connection = outcome.connection;
      if (outcome.connection !== null) fork.knowsConnection(netns.id, outcome.connection);
      if (outcome.acted.some((place) => isRedirect(place))) fork.redirectedIn.add(netns.id);
      return endOrGo(fork, pass, outcome, before, go);
    },
  );
}

/** nf_conntrack_in drops what it cannot track for want of memory. */
function refuse(traveller: Traveller, { netns, link }: HookPass, { count, most }: FullTable): readonly Move[] {
  const because = most.fact?.because ?? null;
  traveller.step("conntrack", netns.id, link, `${settingText(most)}, ${settingText(count)}`, because);
  return traveller.end({ netns: netns.id, link, disposition: "CONNTRACK_FULL", decidedBy: [most.read] });
}

/** What a hook leaves behind: its steps, and the end of the branch unless it accepts. */
export function endOrGo(
  traveller: Traveller,
  pass: Pick<HookPass, "netns" | "link"> & { readonly hook: string },
  outcome: HookOutcome,
  before: Packet,
  go: (traveller: Traveller, outcome: HookOutcome) => readonly Move[],
): readonly Move[] {
  const { netns, link } = pass;
  const { verdict } = outcome;
  recordHook(traveller, pass, outcome, before);
  if (verdict.do === "accept") return go(traveller, outcome);
  if (verdict.do === "unknown") {
    const reads = verdict.by === null ? [] : [readOf(netns, verdict.by)];
    return traveller.unknown(netns.id, link, { why: verdict.why, because: verdict.by?.because ?? null }, reads);
  }
  const disposition = verdict.do === "drop" ? "NETFILTER_DROP" : "NETFILTER_REJECT";
  return traveller.end({ netns: netns.id, link, disposition, decidedBy: [readOf(netns, verdict.by)] });
}

function knownConnection(traveller: Traveller, netns: Netns): Connection | null {
  for (const connection of traveller.connections.get(netns.id) ?? []) {
    const found = matchConnection(connection, traveller.packet);
    if (found !== null) return found;
  }
  return netns.conntrack.known ? findConnection(netns.conntrack.value, traveller.packet) : null;
}

function recordHook(
  traveller: Traveller,
  pass: Pick<HookPass, "netns" | "link"> & { readonly hook: string },
  outcome: HookOutcome,
  before: Packet,
): void {
  const { verdict } = outcome;
  const decided = verdict.do === "accept" ? null : verdict.by;
  for (const place of outcome.acted) {
    if (place === decided) continue;
    traveller.step("netfilter", pass.netns.id, pass.link, `${pass.hook}: ${place.text}`, place.because);
  }
  const [was, is] = [outerIp(before), outerIp(outcome.packet)];
  const [oldPorts, newPorts] = [portsOf(before), portsOf(outcome.packet)];
  if (was.src !== is.src || was.dst !== is.dst || oldPorts?.dport !== newPorts?.dport) {
    const rule = outcome.acted.findLast((place) =>
      /\b(DNAT|SNAT|MASQUERADE|REDIRECT|dnat|snat|masquerade|redirect)\b/.test(place.text),
    );
    const words = `${was.src.text} → ${was.dst.text}: ${is.src.text} → ${is.dst.text}`;
    traveller.step("nat", pass.netns.id, pass.link, words, rule?.because ?? null);
  }
  if (decided !== null) {
    traveller.step("netfilter", pass.netns.id, pass.link, `${pass.hook}: ${decided.text}`, decided.because);
  }
}

function isRedirect(place: RulePlace): boolean {
  return /(?:^|\s)-j REDIRECT\b|(?:^|\s)redirect\b/.test(place.text);
}

function readOf(netns: Netns, place: RulePlace): Read {
  const { backend, family, table, chain, number } = place;
  return { of: "rule", netns: netns.id, backend, family, table, chain, number };
}

function contextFor(traveller: Traveller, pass: HookPass): HookContext {
  const { netns } = pass;
  return {
    netns,
    hook: pass.hook,
    packet: traveller.packet,
    iif: pass.iif,
    oif: pass.oif,
    physIn: pass.physIn,
    physOut: pass.physOut,
    connection: traveller.connection,
    isHalfSeen: traveller.flow.halfSeenBy?.has(netns.id) === true && payloadOf(traveller.packet)?.kind === "tcp",
    ask: traveller.ask,
    addressType: (address, link) => addressType(netns, address, link, traveller.ask),
    masqueradeSource: (oif, dst) => masqueradeSource(netns, oif, dst, pass.nextHop),
    reversePathOk: (options) => reversePathOk(traveller, pass, options),
  };
}

const MULTICAST4 = prefix("224.0.0.0/4");
const MULTICAST6 = prefix("ff00::/8");
const ZERO4 = prefix("0.0.0.0/8");

/** __inet_dev_addr_type: the local table alone, and limited to a link only its best route. */
function addressType(
  netns: Netns,
  address: Ip,
  link: string | null,
  ask: (read: Read) => void,
): ReturnType<HookContext["addressType"]> {
  if (contains(MULTICAST4, address) || contains(MULTICAST6, address)) return "MULTICAST";
  if (contains(ZERO4, address) || address.text === "255.255.255.255") return "BROADCAST";
  ask({ of: "local-address", netns: netns.id, ip: address });
  if (!netns.routes.known) return "UNKNOWN";
  const route = routesCovering(netns.routes.value, TABLE_LOCAL, address)[0];
  if (route === undefined || (link !== null && !leavesThrough(route, link))) return "UNICAST";
  if (route.type === "local") return "LOCAL";
  return route.type === "broadcast" ? "BROADCAST" : "UNICAST";
}

/**
 * nf_nat_masquerade_ipv4: inet_select_addr on the outgoing link, for the next hop, scope universe. nf_nat_masquerade_ipv6:
 * ipv6_dev_get_saddr for the packet's destination, as the next hop is link-local as a rule.
 */
function masqueradeSource(netns: Netns, oif: string, dst: Ip, nextHop: Ip | null): Ip | null {
  if (!netns.links.known) return null;
  const link = linkNamed(netns.links.value, oif);
  if (link === null) return null;
  return dst.family === 4
    ? selectIpv4(netns.links.value, link, nextHop ?? dst, 0)
    : selectIpv6(netns.links.value, link, dst);
}

/** rpfilter_mt (net/ipv4/netfilter/ipt_rpfilter.c). */
function reversePathOk(
  traveller: Traveller,
  pass: HookPass,
  options: { readonly loose: boolean; readonly validMark: boolean; readonly acceptLocal: boolean },
): boolean | null {
  if (pass.iif === "lo" || pass.iif === null) return true;
  const ip = outerIp(traveller.packet);
  if (contains(ZERO4, ip.src)) return true;
  const ports = portsOf(traveller.packet);
  const answer = lookUpRoute(
    pass.netns,
    {
      dst: ip.src,
      src: ip.dst,
      iif: "lo",
      oif: null,
      mark: options.validMark ? traveller.packet.mark : 0,
      protocol: ip.protocol,
      sport: ports?.dport ?? null,
      dport: ports?.sport ?? null,
    },
    traveller.ask,
  );
  if (answer.is === "unknown") return null;
  if (answer.is !== "route") return false;
  if (answer.route.type === "local") return options.acceptLocal;
  if (answer.route.type !== "unicast") return false;
  return options.loose || leavesThrough(answer.route, pass.iif);
}
