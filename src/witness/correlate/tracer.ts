import type { Ip } from "../../facts/ip.ts";
import type { NetnsId } from "../../facts/provenance.ts";

/**
 * What tells one attempt's packets from all others, on every link and behind every NAT and tunnel. One of a probe that was
 * sent (`netns` is its sender), or one made from a capture (`adoptFlows`).
 */
export interface Tracer {
  /** One attempt of one probe: `p1#2`. */
  readonly id: string;
  /** Where it was sent from; null when the capture does not tell. */
  readonly netns: NetnsId | null;
  readonly protocol: "tcp" | "udp" | "icmp";
  readonly dst: Ip;
  /** Null for ICMP. */
  readonly dport: number | null;
  /** Where NAT may take it. A host's own packets are captured after OUTPUT and POSTROUTING. */
  readonly alsoTo: readonly { readonly ip: Ip; readonly port: number | null }[];
  /** Source ports that only this attempt may use; null when they are the kernel's choice. */
  readonly sports: readonly [number, number] | null;
  /** TCP's initial sequence number; null until learnt. */
  readonly isn: number | null;
  /** Bytes that its payload holds and no other's does (UDP, ICMP). */
  readonly tag: Uint8Array | null;
  /** Of the DNS message that holds the tag; null for what is no such message, and where the tool chose it. */
  readonly dnsId: number | null;
  /** The payload as a whole, as `payloadKey` writes it: for flows that carry no tag of ours. */
  readonly payloadKey: string | null;
  readonly icmp: { readonly id: number | null; readonly seq: number } | null;
}

const KEY_BYTES = 48;

/** Tells payloads apart that were captured with different snapshot lengths left over. */
export function payloadKey(payload: Uint8Array): string {
  return Buffer.from(payload.buffer, payload.byteOffset, Math.min(payload.length, KEY_BYTES)).toString("latin1");
}

export function holds(payload: Uint8Array, tag: Uint8Array): boolean {
  return (
    tag.length > 0 &&
    payload.length >= tag.length &&
    Buffer.from(payload.buffer, payload.byteOffset, payload.length).indexOf(tag) >= 0
  );
}
