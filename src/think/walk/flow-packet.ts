import type { Ip } from "../../facts/ip.ts";
import type { Flow } from "./branch.ts";
import { type Header, outerIp, type Packet } from "./packet.ts";
import { payloadOf, PROTOCOL } from "./packet-parts.ts";

/** The first packet of a flow; a source that is not chosen yet reads as unspecified. */
export function firstPacket(flow: Flow, src: Ip | null): Packet {
  const { family } = flow.dst;
  const from = src ?? { family, value: 0n, text: family === 4 ? "0.0.0.0" : "::" };
  const [protocol, transport] = transportOf(flow, family);
  return {
    headers: [{ kind: "ip", src: from, dst: flow.dst, ttl: 64, protocol, df: true }, transport],
    bytes: flow.bytes,
    mark: 0,
    ct: "NEW",
  };
}

function transportOf(flow: Flow, family: 4 | 6): readonly [number, Header] {
  const { sport, dport } = flow;
  if (flow.protocol === "tcp") return [PROTOCOL.tcp, { kind: "tcp", sport, dport, flags: "syn" }];
  if (flow.protocol === "udp") return [PROTOCOL.udp, { kind: "udp", sport, dport }];
  return family === 4
    ? [PROTOCOL.icmp, { kind: "icmp", type: 8, code: 0, id: sport }]
    : [PROTOCOL.icmpv6, { kind: "icmp", type: 128, code: 0, id: sport }];
}

/** What the receiver sends back, from where it was received to where it came from. */
export function replyPacket(request: Packet, bytes: number): Packet {
  const ip = outerIp(request);
  const payload = payloadOf(request);
  return {
    headers: [
      { kind: "ip", src: ip.dst, dst: ip.src, ttl: 64, protocol: ip.protocol, df: true },
      ...(payload === null ? [] : [answerTo(payload)]),
    ],
    bytes,
    mark: 0,
    ct: "NEW",
  };
}

function answerTo(header: Header): Header {
  if (header.kind === "tcp") return { kind: "tcp", sport: header.dport, dport: header.sport, flags: "syn-ack" };
  if (header.kind === "udp") return { kind: "udp", sport: header.dport, dport: header.sport };
  if (header.kind === "icmp") return { ...header, type: header.type === 8 ? 0 : 129 };
  return header;
}
