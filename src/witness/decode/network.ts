import { ipv4At, ipv6At } from "./addresses.ts";
import { advance, type Cursor, endOpaque, has, NEXT, type Next, u16, u32 } from "./cursor.ts";

const MAX_EXTENSION_HEADERS = 8;

export function decodeIp(cursor: Cursor): Next {
  if (!has(cursor, 1)) return endOpaque(cursor, "truncated");
  const version = (cursor.bytes[cursor.at] as number) >> 4;
  if (version === 4) return decodeIpv4(cursor);
  if (version === 6) return decodeIpv6(cursor);
  return endOpaque(cursor, "not ip");
}

/** RFC 791. */
function decodeIpv4(cursor: Cursor): Next {
  if (!has(cursor, 20)) return endOpaque(cursor, "truncated");
  const { bytes, at } = cursor;
  const headerLength = ((bytes[at] as number) & 15) * 4;
  const totalLength = u16(bytes, at + 2);
  if (headerLength < 20 || !has(cursor, headerLength)) return endOpaque(cursor, "bad ipv4 header");
  // A length of 0 is a segmentation-offload frame larger than 64 KiB (BIG TCP): the capture's own length holds.
  const length = totalLength === 0 ? cursor.promised : totalLength;
  if (length < headerLength) return endOpaque(cursor, "bad ipv4 length");
  const flags = u16(bytes, at + 6);
  const fragmentOffset = (flags & 0x1fff) * 8;
  const protocol = bytes[at + 9] as number;
  cursor.headers.push({
    kind: "ip",
    src: ipv4At(bytes, at + 12),
    dst: ipv4At(bytes, at + 16),
    protocol,
    ttl: bytes[at + 8] as number,
    id: u16(bytes, at + 4),
    df: (flags & 0x4000) !== 0,
    fragmentOffset,
    length,
  });
  bound(cursor, length);
  advance(cursor, headerLength);
  if (fragmentOffset > 0) return endOpaque(cursor, "fragment");
  cursor.value = protocol;
  return NEXT.ipProtocol;
}

/** RFC 8200, with its chain of extension headers. `protocol` is what follows that chain. */
function decodeIpv6(cursor: Cursor): Next {
  if (!has(cursor, 40)) return endOpaque(cursor, "truncated");
  const { bytes, at } = cursor;
  const payload = u16(bytes, at + 4);
  const length = payload === 0 ? cursor.promised : payload + 40;
  bound(cursor, length);
  let protocol = bytes[at + 6] as number;
  let next = at + 40;
  let id: number | null = null;
  let fragmentOffset = 0;
  let isBroken = false;
  for (let i = 0; isExtension(protocol); i++) {
    if (i === MAX_EXTENSION_HEADERS || next + 8 > cursor.end) {
      isBroken = true;
      break;
    }
    const following = bytes[next] as number;
    if (protocol === 44) {
      fragmentOffset = u16(bytes, next + 2) & 0xfff8;
      id = u32(bytes, next + 4);
      next += 8;
    } else if (protocol === 51) {
      next += ((bytes[next + 1] as number) + 2) * 4;
    } else {
      next += ((bytes[next + 1] as number) + 1) * 8;
    }
    protocol = following;
    if (fragmentOffset > 0) break;
  }
  cursor.headers.push({
    kind: "ip",
    src: ipv6At(bytes, at + 8),
    dst: ipv6At(bytes, at + 24),
    protocol,
    ttl: bytes[at + 7] as number,
    id,
    // Routers never fragment IPv6.
    df: true,
    fragmentOffset,
    length,
  });
  if (isBroken || next > cursor.end) return endOpaque(cursor, "truncated");
  advance(cursor, next - at);
  if (fragmentOffset > 0) return endOpaque(cursor, "fragment");
  cursor.value = protocol;
  return NEXT.ipProtocol;
}

/** Hop-by-hop, routing, fragment, authentication, destination options, mobility. */
function isExtension(protocol: number): boolean {
  return protocol === 0 || protocol === 43 || protocol === 44 || protocol === 51 || protocol === 60 || protocol === 135;
}

/** Cuts off what lies behind the datagram: padding of short Ethernet frames. */
function bound(cursor: Cursor, length: number): void {
  cursor.end = Math.min(cursor.end, cursor.at + length);
  cursor.promised = length;
}
