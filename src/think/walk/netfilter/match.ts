import { contains } from "../../../facts/ip.ts";
import { phrase } from "../../../facts/phrase.ts";
import type { Match } from "../../../facts/ruleset.ts";
import type { Packet } from "../packet.ts";
import { type Maybe, negateIf } from "../../../facts/maybe.ts";
import type { Connection, HookContext } from "./contract.ts";
import { matchSet } from "./ip-set.ts";
import { inRanges, matchConntrack } from "./match-conntrack.ts";
import { matchLocalSocket, matchOwner } from "./match-socket.ts";
import { matchTime } from "./match-time.ts";
import { type PacketView, viewPacket } from "./packet-view.ts";

/** A packet and its connection as a rule sees them at this point of the hook. */
export interface Subject {
  readonly packet: Packet;
  readonly connection: Connection | null;
}

/** Every kind of match but `statistic`, which is chance and not a question. */
export type Question = Exclude<Match, { match: "statistic" }>;

/** Asks one match of a packet, as its xt_*.c or nft expression does. */
export function matchPacket(match: Question, subject: Subject, context: HookContext): Maybe {
  const view = viewPacket(subject.packet);
  switch (match.match) {
    case "source":
    case "destination": {
      const ip = match.match === "source" ? view.ip.src : view.ip.dst;
      // In an inet table a question about the other family's header is no match, negated or not.
      if (match.prefixes.length > 0 && match.prefixes.every((p) => p.family !== ip.family)) return false;
      return match.prefixes.some((p) => contains(p, ip)) !== match.negate;
    }
    case "in":
      return namesLink(match.name, context.iif) !== match.negate;
    case "out":
      return namesLink(match.name, context.oif) !== match.negate;
    case "physdev-in":
      return namesLink(match.name, context.physIn) !== match.negate;
    case "physdev-out":
      return namesLink(match.name, context.physOut) !== match.negate;
    case "physdev-is-bridged":
      return (context.physIn !== null && context.physOut !== null) !== match.negate;
    case "protocol":
      return match.protocols.includes(view.ip.protocol) !== match.negate;
    case "sport":
    case "dport":
    case "port":
      return matchPorts(match, view);
    case "tcp-flags":
      return matchTcpFlags(match, view);
    case "icmp-type":
      return matchIcmp(match, view);
    case "mark":
    case "ct-mark":
      return matchMark(match, subject);
    case "ct-state":
    case "ct-direction":
    case "ct-orig-src":
    case "ct-orig-dst":
    case "ct-orig-dport":
      return matchConntrack(match, subject.packet.ct, subject.connection);
    case "addrtype":
      return matchAddressType(match, view, context);
    case "set":
      return negateIf(match.negate, matchSet(match, view, context));
    case "rpfilter":
      return matchReversePath(match, context);
    case "socket":
      return negateIf(match.negate, matchLocalSocket(match.text, view, context));
    case "owner":
      return matchOwner(match.negate, context);
    case "fragment":
      // A walk's packets are whole.
      return match.negate;
    case "iprange": {
      const ip = match.side === "src" ? view.ip.src : view.ip.dst;
      return (match.low <= ip.value && ip.value <= match.high) !== match.negate;
    }
    case "ttl": {
      const { ttl } = view.ip;
      const holds = match.op === "eq" ? ttl === match.ttl : match.op === "lt" ? ttl < match.ttl : ttl > match.ttl;
      return holds !== match.negate;
    }
    case "limit":
      return !match.negate;
    case "time":
      return matchTime(match);
    case "unknown":
      return { unknown: phrase("match-not-modelled", { match: match.module, text: match.text }) };
  }
}

/** A hook without such a device compares with the empty name. `+` (iptables) and `*` (nft) end a wildcard. */
function namesLink(pattern: string, name: string | null): boolean {
  const have = name ?? "";
  const last = pattern.at(-1);
  return last === "+" || last === "*" ? have.startsWith(pattern.slice(0, -1)) : have === pattern;
}

/** Without ports there is no match, negated or not: the protocol comes first. */
function matchPorts(match: Extract<Question, { match: "sport" | "dport" | "port" }>, view: PacketView): Maybe {
  const { sport, dport } = view;
  if (sport === null || dport === null) return false;
  const source = match.match !== "dport" && inRanges(match.ranges, sport);
  const destination = match.match !== "sport" && inRanges(match.ranges, dport);
  return (source || destination) !== match.negate;
}

function matchTcpFlags(match: Extract<Question, { match: "tcp-flags" }>, view: PacketView): Maybe {
  if (view.transport?.kind !== "tcp") return false;
  const flags = view.transport.flags === "syn" ? ["SYN"] : ["SYN", "ACK"];
  const seen = flags.filter((flag) => match.mask.includes(flag));
  const wanted = match.set.filter((flag) => flag !== "NONE");
  return (seen.length === wanted.length && seen.every((flag) => wanted.includes(flag))) !== match.negate;
}

/** iptables' own `--icmp-type any` is type 255. */
function matchIcmp(match: Extract<Question, { match: "icmp-type" }>, view: PacketView): Maybe {
  if (view.transport?.kind !== "icmp") return false;
  const { type, code } = view.transport;
  const holds = match.type === 255 || (match.type === type && (match.code === null || match.code === code));
  return holds !== match.negate;
}

function matchMark(match: Extract<Question, { value: number }>, { packet, connection }: Subject): Maybe {
  const mark = match.match === "mark" ? packet.mark : connection?.mark;
  if (mark === undefined) return false;
  return ((mark & match.mask) >>> 0 === match.value >>> 0) !== match.negate;
}

function matchAddressType(
  match: Extract<Question, { match: "addrtype" }>,
  view: PacketView,
  context: HookContext,
): Maybe {
  const link = match.limitIface === null ? null : match.limitIface === "in" ? context.iif : context.oif;
  const ip = match.side === "src" ? view.ip.src : view.ip.dst;
  const type = context.addressType(ip, link);
  if (type === "UNKNOWN") return { unknown: phrase("address-type-unknown", { address: ip.text }) };
  return match.types.includes(type) !== match.negate;
}

/** ipt_rpfilter.c: what comes over loopback passes. */
function matchReversePath(match: Extract<Question, { match: "rpfilter" }>, context: HookContext): Maybe {
  const ok = context.iif === "lo" ? true : context.reversePathOk(match);
  if (ok === null) return { unknown: phrase("reverse-path-unknown") };
  return ok !== match.negate;
}
