import type { Ip } from "../../facts/ip.ts";
import type { Phrase } from "../../facts/phrase.ts";
import type { NotChecked } from "../../facts/world.ts";
import type { Tracer } from "../correlate/tracer.ts";
import type { Place } from "../tap/place.ts";

interface ProbeCommon {
  /** Unique within a run; attempts are `ID#1`, `ID#2` … */
  readonly id: string;
  /** An existing netns: the symptom's own. */
  readonly from: Place;
  /** Null: as the kernel chooses. */
  readonly src: Ip | null;
  readonly dst: Ip;
  readonly attempts: number;
  /** Until an attempt counts as unanswered. A failed ARP answers after 3.07 s: shorter deadlines call it a timeout. */
  readonly deadlineMs: number;
  /** Where NAT may take it: lets the taps recognise what leaves a host after DNAT. */
  readonly alsoTo: readonly { readonly ip: Ip; readonly port: number | null }[];
}

export type Probe =
  /** `bytes`: length of the IP datagram, with DF set; null: ping's own 84, without DF. */
  | (ProbeCommon & { readonly kind: "icmp"; readonly bytes: number | null })
  | (ProbeCommon & { readonly kind: "tcp"; readonly port: number })
  | (ProbeCommon & {
      readonly kind: "http";
      readonly port: number;
      readonly method: "GET" | "HEAD";
      readonly scheme: "http" | "https";
      /** For the Host header and TLS's SNI; null: the address. */
      readonly host: string | null;
      /** With query; begins with a slash. */
      readonly path: string;
    })
  /** To port 53 a DNS query, its tag in the QNAME under `zone` (null: the cluster's); else a datagram that holds only the tag. */
  | (ProbeCommon & { readonly kind: "udp"; readonly port: number; readonly zone: string | null });

/**
 * `answered`: the far end's socket (for ICMP: kernel) spoke. `refused`: ECONNREFUSED, a host was reached and nobody listens, or
 * somebody rejects in its name. `unreachable`: an ICMP error or a failed neighbour. `no-route`: the sender itself has none, or a
 * router says ENETUNREACH. `too-big`: larger than a known MTU on the way. `reset`: the connection stood, then broke.
 * `sent`: a UDP datagram left and nothing came back, which UDP allows; `delivered`: it was also seen to arrive. `failed`: anything
 * else, in `detail`.
 */
export type Outcome =
  | "answered"
  | "refused"
  | "unreachable"
  | "no-route"
  | "timeout"
  | "reset"
  | "too-big"
  | "sent"
  | "delivered"
  | "failed"
  | "no-tool";

/** The far end spoke, or got what needs no answer. */
export function gotThrough(outcome: Outcome): boolean {
  return outcome === "answered" || outcome === "delivered";
}

export interface Answer {
  /** 1-based. */
  readonly n: number;
  readonly outcome: Outcome;
  readonly httpStatus: number | null;
  /** Until the answer; null where the tool does not tell. */
  readonly ms: number | null;
  /** Source port where the tool tells. */
  readonly sport: number | null;
  /** The tool's own words, or why it did not run; empty when it said nothing. */
  readonly detail: Phrase;
}

export interface ProbeResult {
  readonly probe: Probe;
  readonly answers: readonly Answer[];
  /** How each attempt is recognised at the taps. */
  readonly tracers: readonly Tracer[];
  /** curl, ping, bash …; null when the node has none that could. */
  readonly tool: string | null;
  readonly notChecked: readonly NotChecked[];
}

/** Id of an attempt, which is also its tracer's. */
export function attemptId(probe: { readonly id: string }, n: number): string {
  return `${probe.id}#${n}`;
}
