import type { NetnsId } from "../facts/provenance.ts";
import type { Tried } from "../think/explain/suspect.ts";
import { arrives, type Branch, type Walk } from "../think/walk/branch.ts";
import { walk } from "../think/walk/walk.ts";
import type { TrailPoint } from "../witness/correlate/trail-point.ts";
import type { Trial } from "./examination.ts";
import type { Legs } from "./trails.ts";

/**
 * The trial as it goes with what was lost on a connection that stood: packets as large as those, for the first ones are small and
 * fit where others do not; and unknown to whoever saw half of the handshake. The trial as it is where nothing was lost so.
 */
export function asSaidLater(lost: readonly Legs[], { flow, walk: walked }: Trial): Pick<Tried, "flow" | "walk"> {
  if (lost.length === 0) return { flow, walk: walked };
  const later = {
    ...flow,
    bytes: Math.max(flow.bytes, ...lost.map(({ request }) => largest(request))),
    replyBytes: Math.max(flow.bytes, ...lost.map(({ reply }) => largest(reply))),
    halfSeenBy: halfSeenBy(walked),
  };
  return { flow: later, walk: walk(walked.world, later) };
}

/** Length of the IP datagram, in bytes, where it was largest: its sender's offload may hold several segments, which the walk cuts. */
function largest(points: readonly TrailPoint[]): number {
  return Math.max(0, ...points.map(({ sighting }) => sighting.headers.findLast((h) => h.kind === "ip")?.length ?? 0));
}

/** Those that requests cross and no answer to them does. Of an answer whose way is not known to its end nobody can say whom it misses. */
function halfSeenBy({ branches }: Walk): ReadonlySet<NetnsId> {
  const answered = branches.filter((branch) => arrives(branch) === true);
  const back = new Set(answered.flatMap(({ reply }) => reply.flatMap(crossed)));
  return new Set(answered.flatMap(crossed).filter((netns) => !back.has(netns)));
}

function crossed({ steps }: Branch): readonly NetnsId[] {
  return steps.map(({ netns }) => netns);
}
