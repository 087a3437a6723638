import type { Ip } from "../../../facts/ip.ts";
import type { Header, IpHeader, Packet } from "../packet.ts";

/** The headers that netfilter looks at: the outermost IP header and the one right behind it. */
export interface PacketView {
  readonly ip: IpHeader;
  readonly transport: Header | null;
  /** Null for a protocol without ports. */
  readonly sport: number | null;
  readonly dport: number | null;
}

const views = new WeakMap<readonly Header[], PacketView>();

/** @throws Error when there is no IP header: a walk never holds such a packet. */
export function viewPacket(packet: Packet): PacketView {
  const known = views.get(packet.headers);
  if (known !== undefined) return known;
  const at = packet.headers.findIndex((h) => h.kind === "ip");
  const ip = packet.headers[at];
  if (ip?.kind !== "ip") throw new Error("a packet without an IP header");
  const transport = packet.headers[at + 1] ?? null;
  const ported = transport?.kind === "tcp" || transport?.kind === "udp" ? transport : null;
  const view = { ip, transport, sport: ported?.sport ?? null, dport: ported?.dport ?? null };
  views.set(packet.headers, view);
  return view;
}

/** The packet with some of its outermost addresses and ports replaced. */
export function rewritePacket(
  packet: Packet,
  to: {
    readonly src?: Ip;
    readonly dst?: Ip;
    readonly sport?: number | null;
    readonly dport?: number | null;
  },
): Packet {
  const at = packet.headers.findIndex((h) => h.kind === "ip");
  const headers = packet.headers.map((header, i): Header => {
    if (i === at && header.kind === "ip") return { ...header, src: to.src ?? header.src, dst: to.dst ?? header.dst };
    if (i === at + 1 && (header.kind === "tcp" || header.kind === "udp")) {
      return { ...header, sport: to.sport ?? header.sport, dport: to.dport ?? header.dport };
    }
    return header;
  });
  return { ...packet, headers };
}
