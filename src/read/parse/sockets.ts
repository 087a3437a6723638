import type { Ip } from "../../facts/ip.ts";
import { ipFromValue, parseIp } from "../../facts/ip.ts";
import type { Socket, SocketTiming } from "../../facts/netns.ts";
import { type CodedPhrase, phrase } from "../../facts/phrase.ts";
import type { Source } from "../../facts/provenance.ts";
import { protocolNumber } from "./ip-protocols.ts";
import type { Line, Parsed } from "./parsed.ts";
import { because, linesOf, Problems, wordsOf } from "./parsed.ts";

/** Netids of `ss` that are not IP sockets, or that no fact holds. */
const OTHER =
  /^(?:u_str|u_dgr|u_seq|u_|nl|p_raw|p_dgr|v_str|v_dgr|vsock|icmp6|mptcp|sctp|dccp|xdp|tipc|ti_\w+|unix|\?\?\?)$/;
const STATE =
  /^(?:LISTEN|UNCONN|ESTAB|SYN-SENT|SYN-RECV|FIN-WAIT-1|FIN-WAIT-2|TIME-WAIT|CLOSE-WAIT|LAST-ACK|CLOSING|CLOSED|CLOSE|NEW-SYN-RECV|UNKNOWN|BOUND-INACTIVE)$/;

/**
 * In the environment of `ss` it makes it read /proc/net (misc/ss.c: generic_proc_open) rather than load a module for NETLINK_SOCK_DIAG.
 * tcp4_seq_show (net/ipv4/tcp_ipv4.c) tells how many connections wait for a listener and not how many may, and no file tells
 * IPV6_V6ONLY: `*` is then any socket of IPv6.
 */
export const BY_PROC = "PROC_ROOT=/proc";

type Families = readonly (4 | 6)[];

/** Which packets a socket takes that is bound to no address, as it is written. */
interface Dialect {
  /** `*:80` */
  star(row: Row): Families;
  /** `[::]:80`, `:::80` */
  any6(row: Row): Families;
}

interface Row {
  readonly line: Line;
  readonly protocol: "tcp" | "udp" | "raw";
  readonly state: string;
  readonly queues: readonly [number, number];
  readonly local: End;
  readonly peer: End;
  readonly rest: string;
  /** Set by a line that continues it. */
  timing: SocketTiming | null;
}

interface End {
  /** `*`, or the address without its brackets. */
  readonly address: string;
  readonly bracketed: boolean;
  readonly dev: string | null;
  /** Null for `*`. */
  readonly port: number | null;
}

/**
 * `ss -tuan[pi]`, with or without its header. Two dialects: since iproute2 4.15 `*` is dual-stack, `[::]` IPv6 alone
 * and `0.0.0.0` IPv4 alone; before, `*` was IPv4 and `:::` IPv6, dual-stack or not it did not say.
 */
export function parseSockets(text: string, source: Source): Parsed<readonly Socket[]> {
  const problems = new Problems();
  const rows: Row[] = [];
  for (const line of linesOf(text)) {
    if (isContinued(line)) {
      const last = rows.at(-1);
      if (last !== undefined) last.timing = readTiming(line.text) ?? last.timing;
      continue;
    }
    const row = readRow(line);
    if (row !== null && "code" in row) problems.add(line, row);
    else if (row !== null) rows.push(row);
  }
  const old = rows.some(speaksOldDialect);
  const isByProc = source.argv.includes(BY_PROC);
  const ofIpv4 = new Set(rows.filter((row) => row.local.address === (old ? "*" : "0.0.0.0")).map(portOf));
  // bindv6only is 0 unless somebody changed it: a socket of IPv6 takes IPv4 too, if no other has that port.
  const familiesOfIpv6 = (row: Row): Families => (ofIpv4.has(portOf(row)) ? [6] : [4, 6]);
  const dialect: Dialect = old
    ? { star: () => [4], any6: familiesOfIpv6 }
    : { star: isByProc ? familiesOfIpv6 : () => [4, 6], any6: () => [6] };
  const sockets = rows.flatMap((row): Socket[] => {
    const local = localOf(row, dialect);
    if (local === null) {
      problems.add(row.line, phrase("no-socket-address"));
      return [];
    }
    const peer = ipOf(row.peer.address);
    return [
      {
        protocol: row.protocol,
        state: row.state,
        local: local.ip,
        families: local.families,
        localPort: row.local.port ?? 0,
        peer: peer !== null && peer.value !== 0n ? peer : null,
        peerPort: row.peer.port,
        dev: row.local.dev,
        recvQueue: row.queues[0],
        sendQueue: isByProc && row.state === "LISTEN" ? null : row.queues[1],
        process: /\(\("([^"]{1,64})"/.exec(row.rest)?.[1] ?? null,
        timing: row.timing,
        because: because(source, row.line),
      },
    ];
  });
  return { value: sockets, problems: problems.list() };
}

/** Options such as -o and -i continue a socket on lines of their own. */
function isContinued({ text }: Line): boolean {
  return /^\s/.test(text) && !/^\s*(?:tcp|udp|raw)\s/.test(text);
}

/** tcp_stats_print (misc/ss.c) leaves out what is 0; `rto` a connection always has, `minrtt` came with `data_segs_out`. */
function readTiming(text: string): SocketTiming | null {
  if (!/\srto:/.test(text)) return null;
  const number = (name: string): number | null => {
    const digits = new RegExp(`\\s${name}:(\\d{1,12})(?:\\s|$)`).exec(text)?.[1];
    return digits === undefined ? null : Number(digits);
  };
  return {
    sentMs: number("lastsnd") ?? 0,
    receivedMs: number("lastrcv") ?? 0,
    segmentsSent: number("data_segs_out") ?? (/\sminrtt:/.test(text) ? 0 : null),
  };
}

function readRow(line: Line): Row | CodedPhrase | null {
  const words = wordsOf(line.text);
  if (/^(?:Netid|State)$/.test(words[0] ?? "") && line.text.includes("Recv-Q")) return null;
  let protocol: Row["protocol"] = "tcp";
  const first = words[0] ?? "";
  if (first === "tcp" || first === "udp" || first === "raw") protocol = first;
  else if (OTHER.test(first)) return null;
  else if (STATE.test(first)) words.unshift("tcp");
  else return phrase("unknown-socket");
  const [, state = "", receive = "", send = "", localText = "", peerText = "", ...rest] = words;
  const local = readEnd(localText);
  const peer = readEnd(peerText);
  if (!STATE.test(state) || !/^\d{1,15}$/.test(receive) || !/^\d{1,15}$/.test(send))
    return phrase("no-state-or-queues");
  if (local === null || peer === null) return phrase("no-socket-address");
  return {
    line,
    protocol,
    state,
    queues: [Number(receive), Number(send)],
    local,
    peer,
    rest: rest.join(" "),
    timing: null,
  };
}

function readEnd(text: string): End | null {
  const colon = text.lastIndexOf(":");
  if (colon < 1) return null;
  const portText = text.slice(colon + 1);
  const port = portText === "*" ? null : /^\d{1,5}$/.test(portText) ? Number(portText) : protocolNumber(portText);
  if (portText !== "*" && port === null) return null;
  const [host = "", dev = null] = text.slice(0, colon).split("%");
  const bracketed = host.startsWith("[");
  return { address: bracketed ? (host.slice(1).split("]")[0] ?? "") : host, bracketed, dev, port };
}

function speaksOldDialect(row: Row): boolean {
  const ends = [row.local, row.peer];
  if (ends.some((end) => !end.bracketed && end.address.includes(":"))) return true;
  return ipOf(row.local.address)?.family === 4 && row.peer.address === "*" && !row.local.bracketed;
}

function portOf(row: Row): string {
  return `${row.protocol} ${row.local.port ?? "*"}`;
}

function localOf(row: Row, dialect: Dialect): { readonly ip: Ip | null; readonly families: Families } | null {
  const { address } = row.local;
  if (address === "*") return { ip: null, families: dialect.star(row) };
  const ip = ipOf(address);
  if (ip === null) return null;
  if (ip.value !== 0n) return { ip, families: [ip.family] };
  return { ip: null, families: ip.family === 4 ? [4] : dialect.any6(row) };
}

/** An IPv4-mapped address is an IPv4 one: that is what travels. */
function ipOf(text: string): Ip | null {
  const ip = parseIp(text);
  if (ip !== null && ip.family === 6 && ip.value >> 32n === 0xffffn) return ipFromValue(4, ip.value & 0xffffffffn);
  return ip;
}
