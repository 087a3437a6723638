import type { Ip } from "../../../facts/ip.ts";
import { sameIp } from "../../../facts/ip.ts";
import type { ConntrackEntry, Tuple } from "../../../facts/netns.ts";
import type { Hook } from "../../../facts/ruleset.ts";
import type { CtState, Packet } from "../packet.ts";
import type { Connection } from "./contract.ts";
import { type PacketView, rewritePacket, viewPacket } from "./packet-view.ts";

const ICMP = 1;
const TCP = 6;
const ICMPV6 = 58;

/** nf_conntrack_proto_icmp.c and _icmpv6.c: `invmap`. Requests are also the only types that may open a connection. */
const ANSWERS = {
  [ICMP]: { 8: 0, 13: 14, 15: 16, 17: 18 },
  [ICMPV6]: { 128: 129, 139: 140 },
} as const satisfies Record<number, Record<number, number>>;

/** The tuple of a packet as nf_ct_get_tuple reads it; ports are 0 for a protocol without any. */
export function tupleOf(view: PacketView): Tuple {
  const { transport } = view;
  const ids =
    transport?.kind === "icmp"
      ? { sport: transport.id, dport: transport.type * 256 + transport.code }
      : { sport: view.sport ?? 0, dport: view.dport ?? 0 };
  return { src: view.ip.src, dst: view.ip.dst, ...ids };
}

/** nf_ct_invert_tuple. */
export function invertTuple(protocol: number, tuple: Tuple): Tuple {
  if (protocol !== ICMP && protocol !== ICMPV6) {
    return { src: tuple.dst, dst: tuple.src, sport: tuple.dport, dport: tuple.sport };
  }
  return {
    src: tuple.dst,
    dst: tuple.src,
    sport: tuple.sport,
    dport: invertIcmpType(protocol, tuple.dport >> 8) * 256 + (tuple.dport & 255),
  };
}

/**
 * What nf_conntrack_in makes of a packet that no entry knows. Null: it may not open a connection and is INVALID (a
 * SYN-ACK whose SYN went another way, an echo reply nobody asked for).
 */
export function openConnection(packet: Packet): Connection | null {
  const view = viewPacket(packet);
  const { protocol } = view.ip;
  if (view.transport?.kind === "tcp" && view.transport.flags !== "syn") return null;
  if (view.transport?.kind === "icmp" && !opensConnection(protocol, view.transport.type)) return null;
  const original = tupleOf(view);
  return {
    protocol,
    original,
    reply: invertTuple(protocol, original),
    mark: 0,
    replied: false,
    preexisting: false,
    direction: "ORIGINAL",
    dnatDone: false,
    snatDone: false,
  };
}

/** nf_conntrack_icmpv6_error, `noct_valid_new`: multicast listeners and neighbour discovery, types 130 to 137. */
export function isNeverTracked(packet: Packet): boolean {
  const { ip, transport } = viewPacket(packet);
  return ip.protocol === ICMPV6 && transport?.kind === "icmp" && transport.type >= 130 && transport.type <= 137;
}

/** The connection as this packet sees it, in its own direction; null when the packet does not belong to it. */
export function matchConnection(connection: Connection, packet: Packet): Connection | null {
  const view = viewPacket(packet);
  if (view.ip.protocol !== connection.protocol) return null;
  const tuple = tupleOf(view);
  if (sameTuple(tuple, connection.original)) return { ...connection, direction: "ORIGINAL" };
  if (sameTuple(tuple, connection.reply)) return { ...connection, direction: "REPLY", replied: true };
  return null;
}

const indexes = new WeakMap<readonly ConntrackEntry[], ReadonlyMap<number, readonly ConntrackEntry[]>>();

/**
 * The entry of a node's conntrack table that takes this packet, by its original or its reply tuple. Its NAT is in force
 * whatever the rules say today. A TCP entry that is closing down is passed over, as a SYN reopens it (tcp_conntracks).
 */
export function findConnection(entries: readonly ConntrackEntry[], packet: Packet): Connection | null {
  const view = viewPacket(packet);
  const tuple = tupleOf(view);
  for (const entry of indexOf(entries).get(portKey(tuple)) ?? []) {
    if (entry.protocol !== view.ip.protocol) continue;
    if (entry.protocol === TCP && (entry.state === "TIME_WAIT" || entry.state === "CLOSE")) continue;
    const found = matchConnection(connectionOf(entry), packet);
    if (found !== null) return found;
  }
  return null;
}

/** A connection read from a node's table: nat chains never run for it again (nf_nat_setup_info refuses when confirmed). */
export function connectionOf(entry: ConntrackEntry): Connection {
  return {
    protocol: entry.protocol,
    original: entry.original,
    reply: entry.reply,
    mark: entry.mark,
    replied: !entry.unreplied,
    preexisting: true,
    direction: "ORIGINAL",
    dnatDone: true,
    snatDone: true,
  };
}

/** resolve_normal_ct: what ctinfo says. */
export function ctStateOf(connection: Connection): CtState {
  return connection.direction === "REPLY" || connection.replied ? "ESTABLISHED" : "NEW";
}

/** IPS_SRC_NAT. */
export function hasSourceNat({ original, reply, protocol }: Connection): boolean {
  const plain = invertTuple(protocol, original);
  return !sameIp(plain.dst, reply.dst) || (isPorted(protocol) && plain.dport !== reply.dport);
}

/** IPS_DST_NAT. */
export function hasDestinationNat({ original, reply, protocol }: Connection): boolean {
  const plain = invertTuple(protocol, original);
  return !sameIp(plain.src, reply.src) || (isPorted(protocol) && plain.sport !== reply.sport);
}

/**
 * nf_nat_packet: rewrites a packet by its connection's tuples, as the NAT hook of `hook` does. PREROUTING and OUTPUT
 * rewrite the destination, INPUT and POSTROUTING the source. So for a reply SNAT is undone at PREROUTING (its
 * destination), DNAT at POSTROUTING (its source).
 */
export function applyConnection(packet: Packet, connection: Connection, hook: Hook): Packet {
  if (hook === "FORWARD") return packet;
  const forward = connection.direction === "ORIGINAL";
  const target = invertTuple(connection.protocol, forward ? connection.reply : connection.original);
  const ported = isPorted(connection.protocol);
  if (hook === "PREROUTING" || hook === "OUTPUT") {
    if (!(forward ? hasDestinationNat(connection) : hasSourceNat(connection))) return packet;
    return rewritePacket(packet, { dst: target.dst, dport: ported ? target.dport : null });
  }
  if (!(forward ? hasSourceNat(connection) : hasDestinationNat(connection))) return packet;
  return rewritePacket(packet, { src: target.src, sport: ported ? target.sport : null });
}

/** Sets the reply tuple for a new source or destination; a null port keeps it. */
export function translate(
  connection: Connection,
  to: { readonly side: "source" | "destination"; readonly ip: Ip; readonly port: number | null },
): Connection {
  const { reply } = connection;
  return to.side === "destination"
    ? { ...connection, dnatDone: true, reply: { ...reply, src: to.ip, sport: to.port ?? reply.sport } }
    : { ...connection, snatDone: true, reply: { ...reply, dst: to.ip, dport: to.port ?? reply.dport } };
}

function isPorted(protocol: number): boolean {
  return protocol !== ICMP && protocol !== ICMPV6;
}

function opensConnection(protocol: number, type: number): boolean {
  const table: Readonly<Record<number, number>> = protocol === ICMPV6 ? ANSWERS[ICMPV6] : ANSWERS[ICMP];
  return table[type] !== undefined;
}

function invertIcmpType(protocol: number, type: number): number {
  const table: Readonly<Record<number, number>> = protocol === ICMPV6 ? ANSWERS[ICMPV6] : ANSWERS[ICMP];
  const answer = table[type];
  if (answer !== undefined) return answer;
  const asked = Object.entries(table).find(([, reply]) => reply === type);
  return asked === undefined ? type : Number(asked[0]);
}

function sameTuple(a: Tuple, b: Tuple): boolean {
  return a.sport === b.sport && a.dport === b.dport && sameIp(a.src, b.src) && sameIp(a.dst, b.dst);
}

function portKey(tuple: Tuple): number {
  return tuple.sport * 65536 + tuple.dport;
}

function indexOf(entries: readonly ConntrackEntry[]): ReadonlyMap<number, readonly ConntrackEntry[]> {
  const known = indexes.get(entries);
  if (known !== undefined) return known;
  const index = new Map<number, ConntrackEntry[]>();
  for (const entry of entries) {
    for (const key of new Set([portKey(entry.original), portKey(entry.reply)])) {
      const bucket = index.get(key);
      if (bucket === undefined) index.set(key, [entry]);
      else bucket.push(entry);
    }
  }
  indexes.set(entries, index);
  return index;
}
