import type { SeenHeader } from "../sighting.ts";

export type IpSeen = Extract<SeenHeader, { kind: "ip" }>;
export type TcpSeen = Extract<SeenHeader, { kind: "tcp" }>;
export type UdpSeen = Extract<SeenHeader, { kind: "udp" }>;
export type IcmpSeen = Extract<SeenHeader, { kind: "icmp" }>;

/** The innermost packet of a frame: what a flow is told by. */
export interface FlowHeaders {
  readonly ip: IpSeen;
  readonly transport: TcpSeen | UdpSeen | IcmpSeen;
  /** `outer`: it travels inside a tunnel here. */
  readonly header: "outer" | "inner";
  /** What an ICMP error is about. */
  readonly quoted: readonly SeenHeader[] | null;
}

/** Null when there is no such packet, or when it cannot be seen (opaque, a later fragment). */
export function flowHeaders(headers: readonly SeenHeader[]): FlowHeaders | null {
  let ip: IpSeen | null = null;
  let ips = 0;
  let transport: FlowHeaders["transport"] | null = null;
  let quoted: readonly SeenHeader[] | null = null;
  for (const header of headers) {
    switch (header.kind) {
      case "ip":
        ip = header;
        ips++;
        transport = null;
        break;
      case "tcp":
      case "udp":
      case "icmp":
        transport = header;
        break;
      case "quoted":
        quoted = header.headers;
        break;
      case "opaque":
        return null;
      default:
        break;
    }
  }
  if (ip === null || transport === null) return null;
  return { ip, transport, header: ips > 1 ? "outer" : "inner", quoted };
}

/** TTL of the innermost IP header: it falls by one at every router, whatever tunnels lie between. */
export function innerTtl(headers: readonly SeenHeader[]): number | null {
  const ip = headers.findLast((h): h is IpSeen => h.kind === "ip");
  return ip?.ttl ?? null;
}

export function isEchoRequest(icmp: IcmpSeen): boolean {
  return icmp.type === 8 || icmp.type === 128;
}

export function isEchoReply(icmp: IcmpSeen): boolean {
  return icmp.type === 0 || icmp.type === 129;
}

/** A connection's first packet. */
export function isSyn(tcp: TcpSeen): boolean {
  return tcp.syn && !tcp.ackFlag && !tcp.rst;
}
