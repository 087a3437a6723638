import { advance, type Cursor, endOpaque, has, NEXT, type Next, u16, u24, u32 } from "./cursor.ts";

/** UDP ports whose payload is a tunnel's. */
export interface TunnelPorts {
  readonly vxlan: ReadonlySet<number>;
  readonly geneve: ReadonlySet<number>;
  readonly wireguard: ReadonlySet<number>;
}

/** IANA's port, and Linux's default for VXLAN (flannel); WireGuard as Calico, Cilium and wg-quick have it. */
export const DEFAULT_TUNNEL_PORTS: TunnelPorts = {
  vxlan: new Set([4789, 8472]),
  geneve: new Set([6081]),
  wireguard: new Set([51820, 51821, 51871]),
};

/** With the ports of this cluster's own VXLAN devices added. What is no port, as a node may claim, is left out. */
export function withVxlanPorts(ports: Iterable<number>): TunnelPorts {
  const real = [...ports].filter((port) => port >= 1 && port <= 65_535);
  return { ...DEFAULT_TUNNEL_PORTS, vxlan: new Set([...DEFAULT_TUNNEL_PORTS.vxlan, ...real]) };
}

const TRANS_ETHER_BRIDGING = 0x6558;
/** The VNI is valid. */
const VXLAN_FLAGS = 0x0800_0000;
/** draft-smith-vxlan-group-policy, which Linux knows as `gbp`: besides, whether to learn and to apply, and the group. */
const VXLAN_GROUP_POLICY_FLAGS = 0x8800_0000;
const GROUP_POLICY_FIELDS = 0x0048_ffff;

/** A tunnel is told by the destination port, and by a header that fits: its source port is a hash of the flow. */
export function decodeUdpPayload(cursor: Cursor, sport: number, dport: number, ports: TunnelPorts): Next {
  if (ports.vxlan.has(dport)) return decodeVxlan(cursor);
  if (ports.geneve.has(dport)) return decodeGeneve(cursor);
  if (ports.wireguard.has(dport) || ports.wireguard.has(sport)) return decodeWireGuard(cursor);
  if (dport === 4500 || sport === 4500) return endOpaque(cursor, "esp in udp");
  return NEXT.nothing;
}

/** RFC 7348; what is in its reserved fields is no VXLAN, or none with Ethernet inside. */
function decodeVxlan(cursor: Cursor): Next {
  const { bytes, at } = cursor;
  if (!has(cursor, 8) || bytes[at + 7] !== 0) return NEXT.nothing;
  const flags = u32(bytes, at);
  if (flags !== VXLAN_FLAGS && (flags & ~GROUP_POLICY_FIELDS) >>> 0 !== VXLAN_GROUP_POLICY_FLAGS) return NEXT.nothing;
  cursor.headers.push({ kind: "vxlan", vni: u24(bytes, at + 4) });
  advance(cursor, 8);
  return NEXT.ethernet;
}

/** RFC 8926. */
function decodeGeneve(cursor: Cursor): Next {
  const { bytes, at } = cursor;
  if (!has(cursor, 8) || (bytes[at] as number) >> 6 !== 0) return NEXT.nothing;
  const length = 8 + ((bytes[at] as number) & 0x3f) * 4;
  if (!has(cursor, length)) return endOpaque(cursor, "truncated");
  cursor.headers.push({ kind: "geneve", vni: u24(bytes, at + 4) });
  return followType(cursor, u16(bytes, at + 2), length);
}

/** RFC 2784 and 2890. */
export function decodeGre(cursor: Cursor): Next {
  if (!has(cursor, 4)) return endOpaque(cursor, "truncated");
  const { bytes, at } = cursor;
  const flags = u16(bytes, at);
  const protocol = u16(bytes, at + 2);
  if ((flags & 7) !== 0) return endOpaque(cursor, "gre version 1");
  const hasChecksum = (flags & 0x8000) !== 0;
  const hasKey = (flags & 0x2000) !== 0;
  const keyAt = 4 + (hasChecksum ? 4 : 0);
  const length = keyAt + (hasKey ? 4 : 0) + ((flags & 0x1000) !== 0 ? 4 : 0);
  if (!has(cursor, length)) return endOpaque(cursor, "truncated");
  cursor.headers.push({ kind: "gre", protocol, key: hasKey ? u32(bytes, at + keyAt) : null });
  return followType(cursor, protocol, length);
}

function followType(cursor: Cursor, etherType: number, headerLength: number): Next {
  advance(cursor, headerLength);
  if (etherType === TRANS_ETHER_BRIDGING) {
    return NEXT.ethernet;
  }
  cursor.value = etherType;
  return NEXT.etherType;
}

/** A message type of 1 to 4 and three zero bytes; what is inside is nobody's but the peers'. */
function decodeWireGuard(cursor: Cursor): Next {
  const { bytes, at } = cursor;
  if (!has(cursor, 4)) return NEXT.nothing;
  const type = bytes[at] as number;
  const isWireGuard = type >= 1 && type <= 4 && u24(bytes, at + 1) === 0;
  return isWireGuard ? endOpaque(cursor, "wireguard") : NEXT.nothing;
}
