import type { Ip } from "../../facts/ip.ts";
import { type Header, outerIp, type Packet } from "./packet.ts";
import type { RouteKey } from "./route/decision.ts";

export const PROTOCOL = { icmp: 1, ipip: 4, tcp: 6, udp: 17, ipv6: 41, gre: 47, icmpv6: 58 } as const;

/** Ports of the outermost datagram; null where it has none. */
export function portsOf(packet: Packet): { readonly sport: number; readonly dport: number } | null {
  const transport = packet.headers[packet.headers.findIndex((h) => h.kind === "ip") + 1];
  return transport?.kind === "tcp" || transport?.kind === "udp" ? transport : null;
}

/** The header right behind the outermost IP header. */
export function payloadOf(packet: Packet): Header | null {
  return packet.headers[packet.headers.findIndex((h) => h.kind === "ip") + 1] ?? null;
}

export function frameOf(packet: Packet): Extract<Header, { kind: "ethernet" }> | null {
  const first = packet.headers[0];
  return first?.kind === "ethernet" ? first : null;
}

export function withFrame(packet: Packet, src: string | null, dst: string | null): Packet {
  const bare = withoutFrame(packet);
  return { ...bare, headers: [{ kind: "ethernet", src, dst }, ...bare.headers] };
}

export function withoutFrame(packet: Packet): Packet {
  return packet.headers[0]?.kind === "ethernet" ? { ...packet, headers: packet.headers.slice(1) } : packet;
}

/** The outermost IP header with some of its fields replaced. */
export function withOuterIp(
  packet: Packet,
  fields: { readonly ttl?: number; readonly df?: boolean; readonly src?: Ip; readonly dst?: Ip },
): Packet {
  const outer = outerIp(packet);
  return { ...packet, headers: packet.headers.map((h) => (h === outer ? { ...outer, ...fields } : h)) };
}

/** What the routing code looks at in a packet. */
export function routeKeyOf(
  packet: Packet,
  links: { readonly iif: string; readonly oif: string | null },
): RouteKey & { readonly src: Ip } {
  const ip = outerIp(packet);
  const ports = portsOf(packet);
  return {
    dst: ip.dst,
    src: ip.src,
    ...links,
    mark: packet.mark,
    protocol: ip.protocol,
    sport: ports?.sport ?? null,
    dport: ports?.dport ?? null,
  };
}
