import type { NetnsId } from "../facts/provenance.ts";
import { netnsWith, type World } from "../facts/world.ts";
import type { Trail } from "../witness/correlate/trail.ts";
import { type Answer, attemptId, type ProbeResult } from "../witness/probe/probe.ts";
import { destinationOf } from "./trails.ts";

/**
 * A datagram that nobody answered went through if it was seen where its destination lives, and is lost if it was not, where
 * that would have been heard. Else nobody knows: it was no try.
 */
export function asWitnessed(
  result: ProbeResult,
  world: World,
  trails: ReadonlyMap<string, Pick<Trail, "request">>,
  hears: (netns: NetnsId) => boolean,
): ProbeResult {
  const answers = result.answers.flatMap((answer): readonly Answer[] => {
    if (answer.outcome !== "sent") return [answer];
    const request = trails.get(attemptId(result.probe, answer.n))?.request ?? [];
    const owner = netnsWith(world, destinationOf(request)?.ip ?? result.probe.dst)[0]?.id;
    if (request.some(({ sighting }) => sighting.netns === owner)) return [{ ...answer, outcome: "delivered" }];
    const isHeard = request.length === 0 ? hears(result.probe.from.netns) : owner !== undefined && hears(owner);
    return isHeard ? [answer] : [];
  });
  return { ...result, answers };
}
