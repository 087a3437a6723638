import type { Ip } from "../../facts/ip.ts";
import type { Frame } from "../sighting.ts";
import { type FlowHeaders, flowHeaders, innerTtl, isEchoRequest, isSyn } from "./flow-headers.ts";
import { payloadKey, type Tracer } from "./tracer.ts";

/** A flow that somebody else sent, told by what was seen of it nearest to its sender. */
export interface AdoptedFlow extends Tracer {
  /** As that frame names it: NAT may have changed it before, where the sender's own netns was not tapped. */
  readonly src: Ip;
  readonly sport: number;
  readonly firstSeen: Frame;
  /** `outer`: it was first seen inside of a tunnel. */
  readonly header: FlowHeaders["header"];
}

/** The frame of a flow's first packet that is nearest to its sender, as far as the captures tell. */
interface Origin {
  frame: Frame;
  flow: FlowHeaders;
  isn: number | null;
  payload: string | null;
}

/**
 * Finds the flows of a capture, as if they had been probes: new TCP connections, echo requests, UDP datagrams. `id` is
 * `tcp SRC:PORT>DST:PORT ISN` and the like, as seen nearest to the sender. Packets that cannot be told apart (the same UDP
 * payload to several peers over one link) are left out.
 */
export function adoptFlows(frames: readonly Frame[]): readonly AdoptedFlow[] {
  const origins = new Map<string, Origin>();
  const tuplesAt = new Map<string, string>();
  const ambiguous = new Set<string>();
  for (const frame of frames) {
    const flow = flowHeaders(frame.headers);
    if (flow === null || flow.quoted !== null) continue;
    const { transport, ip } = flow;
    let key: string;
    let payload: string | null = null;
    let isn: number | null = null;
    if (transport.kind === "tcp") {
      if (!isSyn(transport)) continue;
      isn = transport.seq;
      key = `tcp ${isn}`;
    } else if (transport.kind === "icmp") {
      if (!isEchoRequest(transport)) continue;
      payload = transport.payload.length > 0 ? payloadKey(transport.payload) : null;
      key = payload === null ? `icmp ${transport.id} ${transport.seq}` : `icmp ${transport.seq} ${payload}`;
    } else {
      if (transport.payload.length === 0 || isDnsAnswer(transport)) continue;
      payload = payloadKey(transport.payload);
      key = `udp ${payload}`;
    }
    if (transport.kind !== "tcp") {
      // A gateway's forwarded copy differs from what came in; two tuples at one point are two flows.
      const point = `${key} ${frame.netns} ${frame.link} ${frame.direction} ${flow.header}`;
      const tuple = `${ip.src.text} ${ip.dst.text} ${transport.kind === "icmp" ? transport.id : `${transport.sport} ${transport.dport}`}`;
      const seen = tuplesAt.get(point);
      if (seen === undefined) tuplesAt.set(point, tuple);
      else if (seen !== tuple) ambiguous.add(key);
    }
    const known = origins.get(key);
    if (known === undefined) origins.set(key, { frame, flow, isn, payload });
    else if (isNearer(frame, flow, known)) Object.assign(known, { frame, flow });
  }
  return [...origins].filter(([key]) => !ambiguous.has(key)).map(([, origin]) => toTracer(origin));
}

/** More hops left to live; else bare rather than inside a tunnel; else leaving rather than arriving. */
function isNearer(frame: Frame, flow: FlowHeaders, known: Origin): boolean {
  const ttl = innerTtl(frame.headers) ?? 0;
  const knownTtl = innerTtl(known.frame.headers) ?? 0;
  if (ttl !== knownTtl) return ttl > knownTtl;
  // Within one netns the file's order is the packet's.
  if (frame.netns === known.frame.netns) return false;
  if (flow.header !== known.flow.header) return flow.header === "inner" && known.frame.direction === "in";
  return frame.direction === "out" && known.frame.direction === "in";
}

function toTracer({ frame, flow, isn, payload }: Origin): AdoptedFlow {
  const { transport, ip } = flow;
  const common = {
    src: ip.src,
    sport: transport.kind === "icmp" ? transport.id : transport.sport,
    firstSeen: frame,
    header: flow.header,
    netns: frame.direction === "in" ? null : frame.netns,
    dst: ip.dst,
    alsoTo: [],
    tag: null,
    dnsId: null,
    payloadKey: payload,
  };
  if (transport.kind === "icmp") {
    return {
      ...common,
      id: `icmp ${ip.src.text}>${ip.dst.text} id ${transport.id} seq ${transport.seq}`,
      protocol: "icmp",
      dport: null,
      sports: null,
      isn: null,
      icmp: { id: transport.id, seq: transport.seq },
    };
  }
  const tuple = `${ip.src.text}:${transport.sport}>${ip.dst.text}:${transport.dport}`;
  return {
    ...common,
    id: isn === null ? `udp ${tuple} @${frame.order}` : `tcp ${tuple} ${isn}`,
    protocol: transport.kind,
    dport: transport.dport,
    sports: [transport.sport, transport.sport],
    isn,
    icmp: null,
  };
}

function isDnsAnswer(udp: { readonly sport: number; readonly payload: Uint8Array }): boolean {
  return udp.sport === 53 && udp.payload.length >= 12 && ((udp.payload[2] as number) & 0x80) !== 0;
}
