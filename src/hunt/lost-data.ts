import type { Tried } from "../think/explain/suspect.ts";
import { walk } from "../think/walk/walk.ts";
import type { TrailPoint } from "../witness/correlate/trail-point.ts";
import type { Trial } from "./examination.ts";
import type { Legs } from "./trails.ts";

/**
 * The trial as it goes with packets as large as those that were lost on a connection that stood: the first ones are small, and
 * fit where others do not. The trial as it is where nothing was lost so.
 */
export function atTheSizeOf(lost: readonly Legs[], { flow, walk: walked }: Trial): Pick<Tried, "flow" | "walk"> {
  const bytes = Math.max(flow.bytes, ...lost.map(({ request }) => largest(request)));
  const replyBytes = Math.max(flow.bytes, ...lost.map(({ reply }) => largest(reply)));
  if (bytes === flow.bytes && replyBytes === flow.bytes) return { flow, walk: walked };
  const larger = { ...flow, bytes, replyBytes };
  return { flow: larger, walk: walk(walked.world, larger) };
}

/** Length of the IP datagram, in bytes, where it was largest: its sender's offload may hold several segments, which the walk cuts. */
function largest(points: readonly TrailPoint[]): number {
  return Math.max(0, ...points.map(({ sighting }) => sighting.headers.findLast((h) => h.kind === "ip")?.length ?? 0));
}
