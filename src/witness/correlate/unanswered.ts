import type { Ip } from "../../facts/ip.ts";
import type { NetnsId } from "../../facts/provenance.ts";
import type { Frame } from "../sighting.ts";
import { flowHeaders, isSyn } from "./flow-headers.ts";

/** Connections that a netns opened and that nobody accepted, by whom they were for. */
export interface Unanswered {
  readonly ip: Ip;
  readonly port: number;
  readonly connects: number;
}

/** SYNs that left a netns without a SYN-ACK coming back; most frequent first. A retransmission is the same connection. */
export function unansweredConnects(frames: readonly Frame[], netns: NetnsId): readonly Unanswered[] {
  const opened = new Map<number, { readonly ip: Ip; readonly port: number }>();
  const accepted = new Set<number>();
  for (const frame of frames) {
    if (frame.netns !== netns) continue;
    const flow = flowHeaders(frame.headers);
    if (flow === null || flow.quoted !== null || flow.transport.kind !== "tcp") continue;
    const { transport, ip } = flow;
    if (frame.direction === "out" && isSyn(transport)) opened.set(transport.seq, { ip: ip.dst, port: transport.dport });
    else if (frame.direction === "in" && transport.syn && transport.ackFlag) accepted.add((transport.ack - 1) >>> 0);
  }
  const counts = new Map<string, { ip: Ip; port: number; connects: number }>();
  for (const [isn, { ip, port }] of opened) {
    if (accepted.has(isn)) continue;
    const key = `${ip.text} ${port}`;
    const known = counts.get(key) ?? { ip, port, connects: 0 };
    known.connects += 1;
    counts.set(key, known);
  }
  return [...counts.values()].sort((a, b) => b.connects - a.connects);
}
