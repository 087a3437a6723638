import { sameIp } from "../facts/ip.ts";
import type { NetnsId } from "../facts/provenance.ts";
import type { Try } from "../think/explain/suspect.ts";
import { type AdoptedFlow, adoptFlows } from "../witness/correlate/adopt-flows.ts";
import { correlate } from "../witness/correlate/correlate.ts";
import { DATA_SUFFIX } from "../witness/correlate/matcher.ts";
import { buildTrails } from "../witness/correlate/trail.ts";
import type { Tracer } from "../witness/correlate/tracer.ts";
import type { Frame } from "../witness/sighting.ts";
import type { Examined, Trial } from "./examination.ts";
import { asSaidLater } from "./lost-data.ts";
import { DNS_PORT, PATIENCE_NS } from "./recorded-fate.ts";
import { cameBack, distinctPoints, type Legs, lostOn, NOT_SEEN, toTrail } from "./trails.ts";

/**
 * TCP connections that somebody else opened while taps ran, from where the trial would be sent and to whom, and datagrams of
 * the trial's very source port, in the place of probes: their packets are as large, and say what they say, where ours would not.
 * @param own tracers of what was sent by us meanwhile
 */
export function adopt(
  trial: Trial,
  frames: readonly Frame[],
  own: readonly Tracer[],
  trusted: ReadonlySet<NetnsId>,
): Examined {
  const sender = trial.probe.from.netns;
  const flows = adoptFlows(frames).filter((flow) => isOf(trial, flow) && !own.some((tracer) => isSame(tracer, flow)));
  const { sightings } = correlate(flows, frames);
  const trails = new Map(buildTrails(sightings, distinctPoints(trial.walk), () => sender).map((t) => [t.probe, t]));
  const untilNs = frames.reduce((last, f) => (f.netns === sender && f.atNs > last ? f.atNs : last), 0n);
  const fates = flows.flatMap((flow): Fate[] => {
    const opened = trails.get(flow.id) ?? NOT_SEEN;
    const said = trails.get(flow.id + DATA_SUFFIX);
    const one = flow.protocol === "udp" ? fateOfDatagram(flow, opened, sender) : fateOf(opened, said, sender, trusted);
    const isYoung = untilNs - flow.firstSeen.atNs < PATIENCE_NS;
    return one === null || (isYoung && one.outcome === "timeout") ? [] : [one];
  });
  const losses = fates.flatMap(({ lost }) => (lost === null ? [] : [lost]));
  const tries = fates.map(({ answered, outcome, seen }): Try => {
    return { answered, outcome, ms: null, trail: trusted.has(sender) ? toTrail(seen.request, seen.reply) : null };
  });
  return {
    trial,
    tried: { id: trial.probe.id, ...asSaidLater(losses, trial), tries, trusted },
    result: {
      probe: trial.probe,
      answers: fates.map(({ outcome }, i) => ({
        n: i + 1,
        outcome,
        httpStatus: null,
        ms: null,
        sport: null,
        detail: "",
      })),
      tracers: flows,
      tool: null,
      notChecked: [],
    },
  };
}

interface Fate {
  /** The packets did their part. */
  readonly answered: boolean;
  readonly outcome: "answered" | "refused" | "unreachable" | "timeout";
  readonly seen: Legs;
  /** What was said on it and got lost; null where it was lost before, or not at all. */
  readonly lost: Legs | null;
}

/** Null for a connection on which nothing was said. */
function fateOf(opened: Legs, said: Legs | undefined, sender: NetnsId, trusted: ReadonlySet<NetnsId>): Fate | null {
  const unaccepted = { answered: false, seen: opened, lost: null };
  const isReset = opened.reply.some(({ sighting }) => sighting.headers.some((h) => h.kind === "tcp" && h.rst));
  if (isReset) return { ...unaccepted, outcome: "refused" };
  if (!cameBack(opened.request, opened.reply, sender)) return { ...unaccepted, outcome: "timeout" };
  if (said === undefined) return null;
  const lost = lostOn(opened, said, sender, (netns) => trusted.has(netns));
  if (lost !== null) return { answered: false, outcome: "timeout", seen: lost, lost };
  // The server that is silent has got what was asked.
  const isAnswered = cameBack(said.request, said.reply, sender);
  return { answered: true, outcome: isAnswered ? "answered" : "timeout", seen: opened, lost: null };
}

/** Null for one that nobody answers, where nobody need to. */
function fateOfDatagram({ dport }: AdoptedFlow, { request, reply }: Legs, sender: NetnsId): Fate | null {
  const seen = { request, reply };
  if (cameBack(request, reply, sender)) return { answered: true, outcome: "answered", seen, lost: null };
  const isUnreachable = reply.some(({ sighting }) => sighting.headers.some((h) => h.kind === "quoted"));
  if (isUnreachable) return { answered: false, outcome: "unreachable", seen, lost: null };
  return dport === DNS_PORT ? { answered: false, outcome: "timeout", seen, lost: null } : null;
}

/** Its own tap sees a packet after the namespace's own NAT. */
function isOf(trial: Trial, flow: AdoptedFlow): boolean {
  const { firstSeen, protocol, dst, dport } = flow;
  const { flow: wanted, walk, probe } = trial;
  const isTo = [{ ip: wanted.dst, port: wanted.dport }, ...walk.branches.map((branch) => branch.destination)].some(
    (to) => sameIp(to.ip, dst) && to.port === dport,
  );
  const isLike = protocol === wanted.protocol && (protocol !== "udp" || flow.sport === wanted.sport);
  return isLike && firstSeen.netns === probe.from.netns && firstSeen.direction !== "in" && isTo;
}

function isSame(tracer: Tracer, { isn, sport }: AdoptedFlow): boolean {
  if (tracer.isn !== null) return tracer.isn === isn;
  const [low, high] = tracer.sports ?? [1, 0];
  return low <= sport && sport <= high;
}
