import type { AdoptedFlow } from "../witness/correlate/adopt-flows.ts";
import type { Sighting } from "../witness/sighting.ts";

/** How a recorded flow went, as far as its own packets tell. */
export interface Fate {
  readonly outcome: "answered" | "refused" | "unreachable" | "timeout";
  /** From the first packet to the answer, both as its first tap saw them. */
  readonly ms: number | null;
}

export interface FateFacts {
  /** The sender sent data on it: it has taken the answer. */
  readonly hasSentData: boolean;
  /** The last packet of the first tap, by its own clock. */
  readonly recordedUntilNs: bigint;
  readonly isBelow: (link: string, other: string) => boolean;
}

/** Without an answer for so long, while its tap went on, a flow counts as unanswered. */
export const PATIENCE_NS = 500_000_000n;
/** Who asks there is to be answered. */
export const DNS_PORT = 53;

/** Null: the recording ended before it could be told, or silence means nothing (UDP that is not DNS). */
export function fateOf(flow: AdoptedFlow, sightings: readonly Sighting[], facts: FateFacts): Fate | null {
  const { firstSeen } = flow;
  const replies = sightings.filter((s) => s.leg === "reply");
  const home = replies.filter((s) => s.netns === firstSeen.netns);
  const accepting = home.filter((s) => isAccepting(s) && isBack(s, flow, facts));
  const repeated = sightings.filter((s) => s.leg === "request" && isSameSpot(s, firstSeen)).length > 1;
  // Who asks again has not got the answer, though it was seen on its node.
  const taken = facts.hasSentData || (accepting.length > 0 && !(flow.protocol === "tcp" && repeated));
  if (taken) return { outcome: "answered", ms: elapsedMs(firstSeen.atNs, accepting) };
  if (replies.some(isReset)) return { outcome: "refused", ms: elapsedMs(firstSeen.atNs, home.filter(isReset)) };
  const errors = replies.filter((s) => s.headers.some((h) => h.kind === "quoted"));
  if (errors.length > 0)
    return {
      outcome: "unreachable",
      ms: elapsedMs(
        firstSeen.atNs,
        errors.filter((s) => home.includes(s)),
      ),
    };
  if (flow.protocol === "udp" && flow.dport !== DNS_PORT) return null;
  return facts.recordedUntilNs - firstSeen.atNs < PATIENCE_NS ? null : { outcome: "timeout", ms: null };
}

/** The answer has left its tunnel and goes against the direction in which the request was first seen, no link too early. */
function isBack(reply: Sighting, { firstSeen }: AdoptedFlow, { isBelow }: FateFacts): boolean {
  if (reply.header === "outer") return false;
  const isComing = firstSeen.direction === "in" ? reply.direction === "out" : reply.direction === "in";
  if (!isComing) return false;
  const [from, to] =
    firstSeen.direction === "in" ? [firstSeen.link ?? "", reply.link] : [reply.link, firstSeen.link ?? ""];
  return reply.link === firstSeen.link || !isBelow(from, to);
}

function isAccepting(s: Sighting): boolean {
  return !isReset(s) && !s.headers.some((h) => h.kind === "quoted");
}

function isReset(s: Sighting): boolean {
  return s.headers.some((h) => h.kind === "tcp" && h.rst);
}

function isSameSpot(s: Sighting, first: AdoptedFlow["firstSeen"]): boolean {
  return s.netns === first.netns && s.link === first.link && s.direction === first.direction;
}

function elapsedMs(fromNs: bigint, answers: readonly Sighting[]): number | null {
  const [first] = [...answers].sort((a, b) => a.order - b.order);
  return first === undefined ? null : Number(first.atNs - fromNs) / 1e6;
}
