import { type Ip, withPort } from "../../facts/ip.ts";
import type { Phrase } from "../../facts/phrase.ts";
import type { NetnsId, Provenance } from "../../facts/provenance.ts";
import type { World } from "../../facts/world.ts";
import type { Disposition } from "./dispositions.ts";
import type { Packet } from "./packet.ts";
import type { Read } from "./reads.ts";
import type { StepKind } from "./steps.ts";

/** What is to be walked: a first packet (a TCP SYN, a UDP datagram, an ICMP echo) from one netns. */
export interface Flow {
  readonly from: NetnsId;
  /** Set when a host that was not collected sends it (`src`), and it comes into `from` by this link. Left out: `from` sends it. */
  readonly entersBy?: { readonly link: string; readonly vlan: number | null };
  /** Null: as the kernel would choose. */
  readonly src: Ip | null;
  readonly dst: Ip;
  /**
   * `dst` and `dport` are a Service's: rules are to translate them, and nobody listens there. A `cluster-ip` nobody has, and outside
   * of the cluster nobody knows it.
   */
  readonly toService?: "cluster-ip" | "node-port";
  readonly protocol: "tcp" | "udp" | "icmp";
  /** An ephemeral port; for ICMP the id. */
  readonly sport: number;
  readonly dport: number;
  /** Length of the IP datagram; a full-sized one finds MTU black holes. */
  readonly bytes: number;
  /** Of the answer; left out: as large as the request. */
  readonly replyBytes?: number;
  /**
   * Set for what is said on a TCP connection that stands: those that its handshake crossed one way only. To them it is INVALID
   * (net/netfilter/nf_conntrack_proto_tcp.c, tcp_conntracks: an ACK in SYN_SENT).
   */
  readonly halfSeenBy?: ReadonlySet<NetnsId>;
}

/** One decision inside one netns. */
export interface Step {
  readonly kind: StepKind;
  readonly netns: NetnsId;
  readonly link: string | null;
  /** The packet as this step leaves it. */
  readonly packet: Packet;
  /** The fact it rests on; null where it rests on the absence of one. */
  readonly because: Provenance | null;
  /** The words of that fact: a route, a rule, `key = value`, as the tool prints it; a phrase where there is none. */
  readonly detail: Phrase;
  /** How many of the branch's `reads` were made up to and with this step. */
  readonly readsTo: number;
}

/** One way the packet may go. Where Linux chooses by chance there are several, their weights adding up to 1. */
export interface Branch {
  /** Null when the chance is not known. */
  readonly weight: number | null;
  readonly steps: readonly Step[];
  readonly reads: readonly Read[];
  readonly end: Disposition;
  /** Where it ended. */
  readonly netns: NetnsId;
  readonly link: string | null;
  /** The read that decided the end, where one did: what a repair would have to change. */
  readonly decidedBy: readonly Read[];
  /** Set when `end` is UNKNOWN or LEFT_CLUSTER: what is not known, and the fact that could not be judged, if there is one. */
  readonly unknown: { readonly why: Phrase; readonly because: Provenance | null } | null;
  /** The destination after NAT, when it was reached or where it was headed. */
  readonly destination: { readonly ip: Ip; readonly port: number };
  /** The way back, when `end` is DELIVERED (or PROXIED); empty otherwise. A reply leg's own `reply` is empty. */
  readonly reply: readonly Branch[];
}

export interface Walk {
  readonly world: World;
  readonly flow: Flow;
  readonly branches: readonly Branch[];
}

/** Where a packet would be seen by a tap, in walk order: computed from the steps of kind `tap-in` and `tap-out`. */
export interface TapPoint {
  readonly netns: NetnsId;
  readonly link: string;
  readonly direction: "in" | "out";
  readonly leg: "request" | "reply";
  readonly packet: Packet;
}

/** What becomes of the packet is not known, though where it was last may be. */
export function isUnknown(branch: Branch): boolean {
  return branch.end === "UNKNOWN" || branch.end === "LEFT_CLUSTER";
}

/** An end of a flow as it is written; an echo has no port. */
export function endText(protocol: Flow["protocol"], ip: Ip, port: number): string {
  return withPort(ip, protocol === "icmp" ? null : port);
}

/** True when request and every way back arrive. Null when that is not known. */
export function arrives(branch: Branch): boolean | null {
  if (isUnknown(branch)) return null;
  if (branch.end !== "DELIVERED" && branch.end !== "PROXIED") return false;
  let all: boolean | null = true;
  for (const back of branch.reply) {
    const one = isUnknown(back) ? null : back.end === "DELIVERED";
    if (one === false) return false;
    if (one === null) all = null;
  }
  return all;
}

/** The leg on which the branch ends badly: the request's own, or the first reply that does not arrive. */
export function failingLeg(branch: Branch): { readonly leg: "request" | "reply"; readonly at: Branch } | null {
  if (branch.end !== "DELIVERED" && branch.end !== "PROXIED") return { leg: "request", at: branch };
  const back = branch.reply.find((r) => r.end !== "DELIVERED");
  return back === undefined ? null : { leg: "reply", at: back };
}

/** Every tap that the request, and then the first reply, would pass. */
export function tapPoints(branch: Branch): readonly TapPoint[] {
  const points: TapPoint[] = [];
  for (const [leg, part] of [
    ["request", branch] as const,
    ...branch.reply.slice(0, 1).map((r) => ["reply", r] as const),
  ]) {
    for (const step of part.steps) {
      if ((step.kind === "tap-in" || step.kind === "tap-out") && step.link !== null) {
        points.push({
          netns: step.netns,
          link: step.link,
          direction: step.kind === "tap-in" ? "in" : "out",
          leg,
          packet: step.packet,
        });
      }
    }
  }
  return points;
}
