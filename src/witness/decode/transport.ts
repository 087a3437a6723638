import { advance, type Cursor, endOpaque, has, NEXT, type Next, u16, u32 } from "./cursor.ts";
import { decodeGre, decodeUdpPayload, type TunnelPorts } from "./tunnels.ts";

export function decodeIpProtocol(cursor: Cursor, ports: TunnelPorts): Next {
  switch (cursor.value) {
    case 1:
      return decodeIcmp(cursor, isIcmpv4Error);
    case 58:
      return decodeIcmp(cursor, isIcmpv6Error);
    case 6:
      return decodeTcp(cursor);
    case 17:
      return decodeUdp(cursor, ports);
    case 4:
    case 41:
      return NEXT.ip;
    case 47:
      return decodeGre(cursor);
    case 50:
      return endOpaque(cursor, "esp");
    case 51:
      return endOpaque(cursor, "ah");
    case 132:
      return endOpaque(cursor, "sctp");
    default:
      return endOpaque(cursor, `ip protocol ${cursor.value}`);
  }
}

/** RFC 9293. In a quotation only the first eight bytes are certain (RFC 792): ports and sequence number. */
function decodeTcp(cursor: Cursor): Next {
  const { bytes, at } = cursor;
  const isWhole = has(cursor, 20);
  if (!isWhole && !(cursor.quoted && has(cursor, 8))) return endOpaque(cursor, "truncated");
  const flags = isWhole ? (bytes[at + 13] as number) : 0;
  const headerLength = isWhole ? ((bytes[at + 12] as number) >> 4) * 4 : 20;
  const httpStatus = isWhole ? statusOf(bytes, at + headerLength, cursor.end) : null;
  const header = {
    kind: "tcp" as const,
    sport: u16(bytes, at),
    dport: u16(bytes, at + 2),
    seq: u32(bytes, at + 4),
    ack: isWhole ? u32(bytes, at + 8) : 0,
    syn: (flags & 2) !== 0,
    ackFlag: (flags & 16) !== 0,
    fin: (flags & 1) !== 0,
    rst: (flags & 4) !== 0,
    payload: Math.max(0, cursor.promised - headerLength),
  };
  cursor.headers.push(httpStatus === null ? header : { ...header, httpStatus });
  return NEXT.nothing;
}

/** `HTTP/1.1 502`, all of a response that is kept of a capture. */
export const STATUS_LINE_BYTES = 12;
const HTTP_1 = [...Buffer.from("HTTP/1.")];
const SPACE = 32;
const ZERO = 48;

function statusOf(bytes: Uint8Array, at: number, end: number): number | null {
  if (bytes[at] !== HTTP_1[0] || at + STATUS_LINE_BYTES > end) return null;
  if (bytes[at + 8] !== SPACE || HTTP_1.some((byte, i) => bytes[at + i] !== byte)) return null;
  const digits = [9, 10, 11].map((i) => (bytes[at + i] as number) - ZERO);
  return digits.every((d) => d >= 0 && d <= 9) ? digits.reduce((sum, d) => sum * 10 + d, 0) : null;
}

function decodeUdp(cursor: Cursor, ports: TunnelPorts): Next {
  if (!has(cursor, 8)) return endOpaque(cursor, "truncated");
  const { bytes, at } = cursor;
  const sport = u16(bytes, at);
  const dport = u16(bytes, at + 2);
  const length = u16(bytes, at + 4);
  const end = length < 8 ? cursor.end : Math.min(cursor.end, at + length);
  const header = { kind: "udp" as const, sport, dport, payload: NO_BYTES };
  cursor.headers.push(header);
  cursor.end = end;
  if (length >= 8) cursor.promised = Math.min(cursor.promised, length);
  advance(cursor, 8);
  const next = decodeUdpPayload(cursor, sport, dport, ports);
  if (cursor.headers.at(-1) === header) header.payload = bytes.subarray(at + 8, end);
  return next;
}

/** Destination unreachable, source quench, redirect, time exceeded, parameter problem. */
function isIcmpv4Error(type: number): boolean {
  return type === 3 || type === 4 || type === 5 || type === 11 || type === 12;
}

/** RFC 4443: types below 128 are errors. */
function isIcmpv6Error(type: number): boolean {
  return type >= 1 && type < 128;
}

function decodeIcmp(cursor: Cursor, isError: (type: number) => boolean): Next {
  if (!has(cursor, 8)) return endOpaque(cursor, "truncated");
  const { bytes, at } = cursor;
  const type = bytes[at] as number;
  const error = isError(type);
  cursor.headers.push({
    kind: "icmp",
    type,
    code: bytes[at + 1] as number,
    // In an error these hold a pointer, an MTU or nothing: `id`, `seq` are its rest of header, upper and lower half.
    id: u16(bytes, at + 4),
    seq: u16(bytes, at + 6),
    payload: error ? NO_BYTES : bytes.subarray(at + 8, cursor.end),
  });
  advance(cursor, 8);
  return error && !cursor.quoted ? NEXT.quotedIp : NEXT.nothing;
}

const NO_BYTES: Uint8Array = new Uint8Array(0);
