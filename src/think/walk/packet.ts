import type { Ip } from "../../facts/ip.ts";

export type Header =
  | { readonly kind: "ethernet"; readonly src: string | null; readonly dst: string | null }
  | {
      readonly kind: "ip";
      readonly src: Ip;
      readonly dst: Ip;
      readonly ttl: number;
      readonly protocol: number;
      readonly df: boolean;
    }
  | { readonly kind: "tcp"; readonly sport: number; readonly dport: number; readonly flags: "syn" | "syn-ack" }
  | { readonly kind: "udp"; readonly sport: number; readonly dport: number }
  | { readonly kind: "icmp"; readonly type: number; readonly code: number; readonly id: number }
  | { readonly kind: "vxlan"; readonly vni: number }
  | { readonly kind: "gre"; readonly key: number | null };

/** What a conntrack entry knows of this packet's connection, as xt_conntrack sees it. */
export type CtState = "NEW" | "ESTABLISHED" | "RELATED" | "INVALID" | "UNTRACKED";

/** A packet inside one netns. `headers` outermost first; the ethernet header is present only while on a link. */
export interface Packet {
  readonly headers: readonly Header[];
  /** Length of the outermost IP datagram, in bytes. */
  readonly bytes: number;
  readonly mark: number;
  readonly ct: CtState;
}

export type IpHeader = Extract<Header, { kind: "ip" }>;

/** The outermost IP header. @throws Error when there is none: a walk never holds such a packet. */
export function outerIp(packet: Packet): IpHeader {
  const header = packet.headers.find((h): h is IpHeader => h.kind === "ip");
  if (header === undefined) throw new Error("a packet without an IP header");
  return header;
}

/** The innermost IP header: what the flow is about. */
export function innerIp(packet: Packet): IpHeader {
  const header = packet.headers.findLast((h): h is IpHeader => h.kind === "ip");
  if (header === undefined) throw new Error("a packet without an IP header");
  return header;
}
