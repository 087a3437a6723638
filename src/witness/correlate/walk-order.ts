import type { NetnsId } from "../../facts/provenance.ts";
import { innerTtl } from "./flow-headers.ts";
import type { TrailPoint } from "./trail-point.ts";

/**
 * Puts the sightings of one packet in the order in which it was there. Within a netns the file's order is the truth. Between
 * netns no clock is asked: the expected path, the inner TTL, the ends, and "out before in" tell, in that order. A merge of the
 * netns' own sequences, which takes the head that the fewest sightings still waiting should precede.
 */
export function mergeInWalkOrder(
  points: readonly TrailPoint[],
  ends: { readonly first: NetnsId | null; readonly last: NetnsId | null },
): TrailPoint[] {
  const queues = new Map<NetnsId, TrailPoint[]>();
  for (const point of points) {
    const queue = queues.get(point.sighting.netns);
    if (queue === undefined) queues.set(point.sighting.netns, [point]);
    else queue.push(point);
  }
  for (const queue of queues.values()) queue.sort((a, b) => a.sighting.order - b.sighting.order);
  const merged: TrailPoint[] = [];
  while (merged.length < points.length) {
    let best: TrailPoint[] | null = null;
    let fewest = Number.POSITIVE_INFINITY;
    for (const queue of queues.values()) {
      const head = queue[0];
      if (head === undefined) continue;
      let before = 0;
      for (const other of queues.values()) {
        if (other !== queue) before += other.filter((point) => precedes(point, head, ends)).length;
      }
      if (before < fewest) {
        fewest = before;
        best = queue;
      }
    }
    merged.push(best?.shift() as TrailPoint);
  }
  return merged;
}

function precedes(
  a: TrailPoint,
  b: TrailPoint,
  ends: { readonly first: NetnsId | null; readonly last: NetnsId | null },
): boolean {
  if (a.expectedAt !== null && b.expectedAt !== null) return a.expectedAt < b.expectedAt;
  const ttlA = innerTtl(a.sighting.headers);
  const ttlB = innerTtl(b.sighting.headers);
  if (ttlA !== null && ttlB !== null && ttlA !== ttlB) return ttlA > ttlB;
  if (a.sighting.netns === ends.first || b.sighting.netns === ends.last) return true;
  if (b.sighting.netns === ends.first || a.sighting.netns === ends.last) return false;
  return a.sighting.direction === "out" && b.sighting.direction === "in";
}
