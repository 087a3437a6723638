import { type Ip, sameIp } from "../../facts/ip.ts";
import type { NetnsId } from "../../facts/provenance.ts";
import type { Frame } from "../sighting.ts";
import { flowHeaders, isEchoRequest, isSyn } from "./flow-headers.ts";
import type { Tracer } from "./tracer.ts";

export interface Learnt {
  readonly tracers: readonly Tracer[];
  /** Attempts that no packet could be told for: their absence from the taps proves nothing. */
  readonly unlearnt: readonly { readonly id: string; readonly why: string }[];
}

/** One packet as its own netns sent it, with every form that it took there (before and after NAT, in and out of tunnels). */
interface Sent {
  readonly key: number;
  readonly seq: number;
  readonly forms: { readonly dst: Ip; readonly sport: number; readonly dport: number | null }[];
}

/**
 * Completes tracers from the taps of their own netns: TCP's initial sequence number, and the ICMP id where the echo carries
 * no tag. A packet whose first sighting there is `in` was forwarded, so it is nobody's of that netns.
 */
export function learn(tracers: readonly Tracer[], frames: readonly Frame[]): Learnt {
  const done = new Map<string, Tracer>();
  const unlearnt: { id: string; why: string }[] = [];
  for (const [netns, group] of byNetns(tracers.filter(needsLearning))) {
    const own = frames.filter((frame) => frame.netns === netns);
    for (const protocol of ["tcp", "icmp"] as const) {
      const open = group.filter((tracer) => tracer.protocol === protocol);
      if (open.length === 0) continue;
      const claimed = claim(open, sentFrom(own, protocol));
      for (const tracer of open) {
        const sent = claimed.get(tracer.id);
        if (sent === undefined) {
          unlearnt.push({ id: tracer.id, why: `no tap of ${netns} saw it leave, or more than one packet fits` });
        } else if (protocol === "tcp") {
          done.set(tracer.id, { ...tracer, isn: sent.key });
        } else {
          done.set(tracer.id, { ...tracer, icmp: { id: sent.key, seq: sent.seq } });
        }
      }
    }
  }
  return { tracers: tracers.map((tracer) => done.get(tracer.id) ?? tracer), unlearnt };
}

function needsLearning(tracer: Tracer): boolean {
  if (tracer.protocol === "tcp") return tracer.isn === null;
  return tracer.protocol === "icmp" && tracer.tag === null && tracer.payloadKey === null && tracer.icmp?.id === null;
}

function byNetns(tracers: readonly Tracer[]): Map<NetnsId, Tracer[]> {
  const groups = new Map<NetnsId, Tracer[]>();
  for (const tracer of tracers) {
    if (tracer.netns === null) continue;
    const group = groups.get(tracer.netns);
    if (group === undefined) groups.set(tracer.netns, [tracer]);
    else group.push(tracer);
  }
  return groups;
}

function sentFrom(frames: readonly Frame[], protocol: "tcp" | "icmp"): Sent[] {
  const sent = new Map<string, Sent | null>();
  for (const frame of frames) {
    const flow = flowHeaders(frame.headers);
    if (flow === null || flow.quoted !== null) continue;
    const { transport, ip } = flow;
    let key: number;
    let seq = 0;
    let sport = 0;
    let dport: number | null = null;
    if (protocol === "tcp" && transport.kind === "tcp" && isSyn(transport)) {
      ({ sport, dport } = transport);
      key = transport.seq;
    } else if (protocol === "icmp" && transport.kind === "icmp" && isEchoRequest(transport)) {
      key = transport.id;
      seq = transport.seq;
    } else {
      continue;
    }
    const name = `${key}/${seq}`;
    let one = sent.get(name);
    if (one === undefined) {
      one = frame.direction === "in" ? null : { key, seq, forms: [] };
      sent.set(name, one);
    }
    one?.forms.push({ dst: ip.dst, sport, dport });
  }
  return [...sent.values()].filter((one) => one !== null);
}

/** From the surest sign to the weakest; a sign that fits several packets claims none. */
function claim(tracers: readonly Tracer[], sent: readonly Sent[]): Map<string, Sent> {
  const claimed = new Map<string, Sent>();
  const free = new Set(sent);
  const signs: ((tracer: Tracer, one: Sent) => boolean)[] = [
    (tracer, one) => hasOwnPort(tracer, one) && goesTo(tracer, one, false),
    (tracer, one) => hasOwnPort(tracer, one) && goesTo(tracer, one, true),
    (tracer, one) => hasOwnPort(tracer, one),
  ];
  for (const fits of signs) {
    for (const tracer of tracers) {
      if (claimed.has(tracer.id) || tracer.sports === null) continue;
      const candidates = [...free].filter((one) => fits(tracer, one));
      if (candidates.length !== 1) continue;
      claimed.set(tracer.id, candidates[0] as Sent);
      free.delete(candidates[0] as Sent);
    }
  }
  claimByDestination(tracers, claimed, free);
  return claimed;
}

/** Attempts alike differ in nothing that matters: as many packets as attempts are theirs, in either order. */
function claimByDestination(tracers: readonly Tracer[], claimed: Map<string, Sent>, free: Set<Sent>): void {
  const open = tracers.filter((tracer) => !claimed.has(tracer.id));
  const alike = new Map<string, Tracer[]>();
  for (const tracer of open) {
    const key = `${tracer.dst.text} ${tracer.dport} ${tracer.icmp?.seq ?? ""}`;
    alike.set(key, [...(alike.get(key) ?? []), tracer]);
  }
  for (const group of alike.values()) {
    const first = group[0] as Tracer;
    const candidates = [...free].filter((one) => goesTo(first, one, true) && (first.icmp?.seq ?? 0) === one.seq);
    // Fewer are somebody else's as likely as ours.
    if (candidates.length !== group.length) continue;
    candidates.forEach((one, i) => {
      claimed.set((group[i] as Tracer).id, one);
      free.delete(one);
    });
  }
}

function hasOwnPort(tracer: Tracer, one: Sent): boolean {
  const { sports } = tracer;
  return sports !== null && one.forms.some((form) => form.sport >= sports[0] && form.sport <= sports[1]);
}

function goesTo(tracer: Tracer, one: Sent, afterNat: boolean): boolean {
  return one.forms.some(
    (form) =>
      (sameIp(form.dst, tracer.dst) && form.dport === tracer.dport) ||
      (afterNat && tracer.alsoTo.some((to) => sameIp(form.dst, to.ip) && form.dport === to.port)),
  );
}
