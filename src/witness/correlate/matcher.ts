import { type Ip, sameIp } from "../../facts/ip.ts";
import type { NetnsId } from "../../facts/provenance.ts";
import { u16 } from "../decode/cursor.ts";
import type { Frame, SeenHeader, Sighting } from "../sighting.ts";
import {
  type FlowHeaders,
  flowHeaders,
  type IcmpSeen,
  type IpSeen,
  isEchoReply,
  isEchoRequest,
  isSyn,
  type TcpSeen,
  type UdpSeen,
} from "./flow-headers.ts";
import { holds, payloadKey, type Tracer } from "./tracer.ts";

/** Follows the first bytes of a connection, which may be lost where its handshake was not (MTU black holes). */
export const DATA_SUFFIX = ":data";

export interface Match {
  readonly probe: string;
  readonly leg: Sighting["leg"];
}

const DNS_PORT = 53;
/** Further than that from the initial sequence number it is not the beginning of the answer to our request. */
const MAX_REQUEST_BYTES = 1 << 20;

/** Says whose a frame is. Tables by id, so that a frame costs the same however many tracers there are (tags excepted). */
export class Matcher {
  private readonly bySeq = new Map<number, Tracer>();
  private readonly byPayload = new Map<string, Tracer>();
  private readonly byIcmpId = new Map<string, Tracer>();
  private readonly taggedUdp: Tracer[] = [];
  private readonly taggedIcmp: Tracer[] = [];
  /** Of the answering side, by ours. */
  private readonly answeredWith = new Map<number, number>();
  private readonly byAnswerSeq = new Map<number, Tracer>();
  /** UDP requests as they were seen, mirrored: what an answer looks like at the same place. */
  private readonly mirrored = new Map<string, { readonly tracer: Tracer; readonly dnsId: number | null }[]>();

  constructor(tracers: readonly Tracer[], frames: readonly Frame[]) {
    for (const tracer of tracers) {
      if (tracer.protocol === "tcp") {
        if (tracer.isn !== null) this.bySeq.set(tracer.isn, tracer);
      } else if (tracer.tag !== null) {
        (tracer.protocol === "udp" ? this.taggedUdp : this.taggedIcmp).push(tracer);
      } else if (tracer.payloadKey !== null) {
        this.byPayload.set(`${tracer.protocol} ${tracer.icmp?.seq ?? ""} ${tracer.payloadKey}`, tracer);
      } else if (tracer.icmp !== null && tracer.icmp.id !== null) {
        this.byIcmpId.set(`${tracer.icmp.id} ${tracer.icmp.seq}`, tracer);
      }
    }
    // Files of different nodes come in no order: what the matching of one needs of another is gathered first.
    for (const frame of frames) this.gather(frame);
  }

  match(frame: Frame, flow: FlowHeaders): Match | null {
    if (flow.quoted !== null) return this.matchQuoted(frame.netns, flow.quoted);
    const { transport } = flow;
    if (transport.kind === "tcp") return this.matchTcp(transport);
    if (transport.kind === "icmp") return this.matchEcho(transport);
    return this.matchUdp(frame.netns, flow.ip, transport);
  }

  private gather(frame: Frame): void {
    const flow = flowHeaders(frame.headers);
    if (flow === null || flow.quoted !== null) return;
    const { transport, ip } = flow;
    if (transport.kind === "tcp" && transport.syn && transport.ackFlag) {
      const isn = (transport.ack - 1) >>> 0;
      const tracer = this.bySeq.get(isn);
      if (tracer === undefined) return;
      this.answeredWith.set(isn, transport.seq);
      this.byAnswerSeq.set((transport.seq + 1) >>> 0, tracer);
    } else if (transport.kind === "udp") {
      const tracer = this.udpByPayload(ip, transport);
      if (tracer === null || !isUdpRequest(tracer, transport)) return;
      const key = tupleKey(frame.netns, ip.dst, transport.dport, ip.src, transport.sport);
      const known = this.mirrored.get(key);
      const one = { tracer, dnsId: dnsId(transport) };
      if (known === undefined) this.mirrored.set(key, [one]);
      else if (!known.some((k) => k.tracer === tracer)) known.push(one);
    }
  }

  private matchTcp(tcp: TcpSeen): Match | null {
    if (isSyn(tcp)) return ours(this.bySeq.get(tcp.seq), "request");
    if (tcp.ackFlag && (tcp.syn || tcp.rst)) return ours(this.bySeq.get((tcp.ack - 1) >>> 0), "reply");
    if (tcp.payload === 0) return null;
    const isn = (tcp.seq - 1) >>> 0;
    const sender = this.bySeq.get(isn);
    const answeredWith = this.answeredWith.get(isn);
    if (sender !== undefined && answeredWith !== undefined && tcp.ack === (answeredWith + 1) >>> 0) {
      return { probe: sender.id + DATA_SUFFIX, leg: "request" };
    }
    const asker = this.byAnswerSeq.get(tcp.seq);
    if (asker !== undefined && (tcp.ack - (asker.isn ?? 0)) >>> 0 < MAX_REQUEST_BYTES) {
      return { probe: asker.id + DATA_SUFFIX, leg: "reply" };
    }
    return null;
  }

  private matchEcho(icmp: IcmpSeen): Match | null {
    const leg = isEchoRequest(icmp) ? "request" : isEchoReply(icmp) ? "reply" : null;
    if (leg === null) return null;
    return ours(this.echoTracer(icmp), leg);
  }

  private echoTracer(icmp: IcmpSeen): Tracer | undefined {
    return (
      this.taggedIcmp.find((t) => t.icmp?.seq === icmp.seq && t.tag !== null && holds(icmp.payload, t.tag)) ??
      this.byPayload.get(`icmp ${icmp.seq} ${payloadKey(icmp.payload)}`) ??
      this.byIcmpId.get(`${icmp.id} ${icmp.seq}`)
    );
  }

  private udpByPayload(ip: IpSeen, udp: UdpSeen): Tracer | null {
    return (
      this.taggedUdp.find((t) => t.tag !== null && holds(udp.payload, t.tag) && !isForwarded(t, ip, udp)) ??
      this.byPayload.get(`udp  ${payloadKey(udp.payload)}`) ??
      null
    );
  }

  private matchUdp(netns: NetnsId, ip: IpSeen, udp: UdpSeen): Match | null {
    const tracer = this.udpByPayload(ip, udp);
    if (tracer !== null) return { probe: tracer.id, leg: isUdpRequest(tracer, udp) ? "request" : "reply" };
    return ours(this.mirrorOf(tupleKey(netns, ip.src, udp.sport, ip.dst, udp.dport), dnsId(udp)), "reply");
  }

  private mirrorOf(key: string, id: number | null): Tracer | undefined {
    if (this.mirrored.size === 0) return undefined;
    const known = this.mirrored.get(key);
    return known?.find((k) => k.dnsId === id)?.tracer;
  }

  /** An ICMP error is a reply: it is about the transport header that it quotes, inside whatever tunnel that was. */
  private matchQuoted(netns: NetnsId, quoted: readonly SeenHeader[]): Match | null {
    const flow = flowHeaders(quoted);
    if (flow === null) return null;
    const { transport, ip } = flow;
    if (transport.kind === "tcp") {
      const tracer =
        this.bySeq.get(transport.seq) ?? this.bySeq.get((transport.seq - 1) >>> 0) ?? this.answerer(transport.seq);
      if (tracer === undefined) return null;
      const isData = transport.seq !== tracer.isn && transport.payload > 0;
      return { probe: isData ? tracer.id + DATA_SUFFIX : tracer.id, leg: "reply" };
    }
    if (transport.kind === "icmp") return ours(this.echoTracer(transport), "reply");
    const tracer =
      this.udpByPayload(ip, transport) ??
      this.mirrorOf(tupleKey(netns, ip.dst, transport.dport, ip.src, transport.sport), dnsId(transport));
    return ours(tracer ?? undefined, "reply");
  }

  private answerer(seq: number): Tracer | undefined {
    return this.byAnswerSeq.get(seq) ?? this.byAnswerSeq.get((seq + 1) >>> 0);
  }
}

function ours(tracer: Tracer | undefined, leg: Match["leg"]): Match | null {
  return tracer === undefined ? null : { probe: tracer.id, leg };
}

/** A server may echo the payload: then the port tells, or, for DNS, the QR bit of RFC 1035. */
function isUdpRequest(tracer: Tracer, udp: UdpSeen): boolean {
  const ports = [tracer.dport, ...tracer.alsoTo.map((to) => to.port)];
  if (ports.includes(DNS_PORT) && udp.payload.length >= 12) return ((udp.payload[2] as number) & 0x80) === 0;
  if (ports.includes(udp.dport)) return true;
  return !ports.includes(udp.sport);
}

/** A resolver asks others what it does not know, tag and all: a datagram of its own, with an id of its own. */
function isForwarded(tracer: Tracer, ip: IpSeen, udp: UdpSeen): boolean {
  if (tracer.dnsId !== null) return u16(udp.payload, 0) !== tracer.dnsId;
  if (tracer.dport !== DNS_PORT) return false;
  const server = isUdpRequest(tracer, udp) ? ip.dst : ip.src;
  return ![tracer.dst, ...tracer.alsoTo.map((to) => to.ip)].some((one) => sameIp(one, server));
}

function dnsId(udp: UdpSeen): number | null {
  if ((udp.sport !== DNS_PORT && udp.dport !== DNS_PORT) || udp.payload.length < 2) return null;
  return u16(udp.payload, 0);
}

function tupleKey(netns: NetnsId, src: Ip, sport: number, dst: Ip, dport: number): string {
  return `${netns} ${src.text} ${sport} ${dst.text} ${dport}`;
}
