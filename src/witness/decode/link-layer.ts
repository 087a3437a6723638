import { macAt } from "./addresses.ts";
import { advance, type Cursor, endOpaque, has, NEXT, type Next, u16, u32 } from "./cursor.ts";

/** https://www.tcpdump.org/linktypes.html */
export const LINK_TYPES = {
  NULL: 0,
  EN10MB: 1,
  /** What old libpcap writes for LINKTYPE_RAW on Linux. */
  DLT_RAW: 12,
  RAW: 101,
  LINUX_SLL: 113,
  IPV4: 228,
  IPV6: 229,
  LINUX_SLL2: 276,
} as const;

/** PACKET_OUTGOING of linux/if_packet.h. On a bridge port PACKET_OTHERHOST is normal: all else came in. */
const PACKET_OUTGOING = 4;
const PACKET_OTHERHOST = 3;
const ARPHRD_NETLINK = 824;

export interface LinkLayer {
  ifindex: number | null;
  direction: "in" | "out" | null;
  /** Its MAC address is not the link's. */
  forOthers: boolean;
}

/** Reads the capture's own header; `link` receives what it tells of interface and direction. */
export function decodeLinkLayer(cursor: Cursor, linkType: number, link: LinkLayer): Next {
  switch (linkType) {
    case LINK_TYPES.EN10MB:
      return NEXT.ethernet;
    case LINK_TYPES.LINUX_SLL2:
      return decodeSll2(cursor, link);
    case LINK_TYPES.LINUX_SLL:
      return decodeSll(cursor, link);
    case LINK_TYPES.RAW:
    case LINK_TYPES.DLT_RAW:
    case LINK_TYPES.IPV4:
    case LINK_TYPES.IPV6:
      return NEXT.ip;
    case LINK_TYPES.NULL:
      if (!has(cursor, 4)) return endOpaque(cursor, "truncated");
      // The address family in the byte order of the writer: the version nibble says the same without guessing.
      advance(cursor, 4);
      return NEXT.ip;
    default:
      return endOpaque(cursor, `link type ${linkType}`);
  }
}

/** LINKTYPE_LINUX_SLL2: protocol, reserved, ifindex, ARPHRD, packet type, address length, address. */
function decodeSll2(cursor: Cursor, link: LinkLayer): Next {
  if (!has(cursor, 20)) return endOpaque(cursor, "truncated");
  const { bytes, at } = cursor;
  link.ifindex = u32(bytes, at + 4);
  link.direction = bytes[at + 10] === PACKET_OUTGOING ? "out" : "in";
  if (bytes[at + 10] === PACKET_OTHERHOST) link.forOthers = true;
  const hardware = u16(bytes, at + 8);
  const protocol = u16(bytes, at);
  advance(cursor, 20);
  return afterCooked(cursor, hardware, protocol);
}

/** LINKTYPE_LINUX_SLL: packet type, ARPHRD, address length, address, protocol. No interface. */
function decodeSll(cursor: Cursor, link: LinkLayer): Next {
  if (!has(cursor, 16)) return endOpaque(cursor, "truncated");
  const { bytes, at } = cursor;
  link.direction = u16(bytes, at) === PACKET_OUTGOING ? "out" : "in";
  if (u16(bytes, at) === PACKET_OTHERHOST) link.forOthers = true;
  const hardware = u16(bytes, at + 2);
  const protocol = u16(bytes, at + 14);
  advance(cursor, 16);
  return afterCooked(cursor, hardware, protocol);
}

function afterCooked(cursor: Cursor, hardware: number, protocol: number): Next {
  if (hardware === ARPHRD_NETLINK) return endOpaque(cursor, "netlink");
  if (isVlan(protocol) && isWholeIp(cursor)) return NEXT.ip;
  cursor.value = protocol;
  return NEXT.etherType;
}

/**
 * Where the kernel itself puts the tag before a packet that leaves (a network card that cannot), cooked captures name the tag's
 * protocol and leave out the tag. A tag that looks like the beginning of IP promises another length.
 */
function isWholeIp(cursor: Cursor): boolean {
  if (!has(cursor, 20)) return false;
  const { bytes, at, promised } = cursor;
  const version = (bytes[at] as number) >> 4;
  return (version === 4 && u16(bytes, at + 2) === promised) || (version === 6 && u16(bytes, at + 4) + 40 === promised);
}

/** IEEE 802.1Q and 802.1ad, and what stood for the latter before it. */
function isVlan(protocol: number): boolean {
  return protocol === 0x8100 || protocol === 0x88a8 || protocol === 0x9100;
}

export function decodeEthernet(cursor: Cursor): Next {
  if (!has(cursor, 14)) return endOpaque(cursor, "truncated");
  const { bytes, at } = cursor;
  cursor.headers.push({ kind: "ethernet", dst: macAt(bytes, at), src: macAt(bytes, at + 6) });
  cursor.value = u16(bytes, at + 12);
  advance(cursor, 14);
  return NEXT.etherType;
}

export function decodeEtherType(cursor: Cursor): Next {
  switch (cursor.value) {
    case 0x0800:
    case 0x86dd:
      return NEXT.ip;
    case 0x8100:
    case 0x88a8:
    case 0x9100:
      if (!has(cursor, 4)) return endOpaque(cursor, "truncated");
      cursor.headers.push({ kind: "vlan", id: u16(cursor.bytes, cursor.at) & 0xfff });
      cursor.value = u16(cursor.bytes, cursor.at + 2);
      advance(cursor, 4);
      return NEXT.etherType;
    case 0x0806:
      return endOpaque(cursor, "arp");
    case 0x8847:
      return endOpaque(cursor, "mpls");
    case 0x8863:
    case 0x8864:
      return endOpaque(cursor, "pppoe");
    default:
      return endOpaque(
        cursor,
        cursor.value < 1536 ? "llc" : `ethertype 0x${cursor.value.toString(16).padStart(4, "0")}`,
      );
  }
}
