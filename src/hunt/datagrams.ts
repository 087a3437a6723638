import { type Ip, sameIp } from "../facts/ip.ts";
import type { NetnsId } from "../facts/provenance.ts";
import { netnsWith, type World } from "../facts/world.ts";
import type { Trail } from "../witness/correlate/trail.ts";
import { type Answer, attemptId, type ProbeResult } from "../witness/probe/probe.ts";
import { destinationOf } from "./trails.ts";

/**
 * A datagram that nobody answered went through if it was seen where its destination lives, and is lost if it was not, where
 * that would have been heard. Else nobody knows: it was no try. A node whose address is translated is no destination.
 */
export function asWitnessed(
  result: ProbeResult,
  world: World,
  trails: ReadonlyMap<string, Pick<Trail, "request">>,
  hears: (netns: NetnsId) => boolean,
): ProbeResult {
  const { probe } = result;
  const ends = probe.alsoTo.length > 0 ? probe.alsoTo : [{ ip: probe.dst, port: null }];
  const answers = result.answers.flatMap((answer): readonly Answer[] => {
    if (answer.outcome !== "sent") return [answer];
    const request = trails.get(attemptId(probe, answer.n))?.request ?? [];
    const last = destinationOf(request);
    const end = ends.find(({ ip, port }) => last !== null && sameIp(ip, last.ip) && (port ?? last.port) === last.port);
    const owner = end === undefined ? undefined : ownerOf(world, end.ip);
    if (request.some(({ sighting }) => sighting.netns === owner)) return [{ ...answer, outcome: "delivered" }];
    const listeners = request.length === 0 ? [probe.from.netns] : ends.map(({ ip }) => ownerOf(world, ip));
    return listeners.every((netns) => netns !== undefined && hears(netns)) ? [answer] : [];
  });
  return { ...result, answers };
}

function ownerOf(world: World, ip: Ip): NetnsId | undefined {
  return netnsWith(world, ip)[0]?.id;
}
