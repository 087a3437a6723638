import { linkNamed, linksUnder } from "../../facts/lookup/links.ts";
import { nodeOf } from "../../facts/provenance.ts";
import { linksOf, type World } from "../../facts/world.ts";
import type { NamedCause } from "./explain.ts";
import { expectedPoints, type Point, samePlace } from "./points.ts";
import type { Suspect } from "./suspect.ts";

/** Lengths of datagrams, in bytes: the longest that got across, and the shortest that did not. */
export interface Sizes {
  readonly passed: number;
  readonly lost: number;
}

/**
 * Sent into a segment, or to routers, by one node and never received by the other, both taps proven alive. Likely at best: we do not own the fabric.
 * @param sizes where only larger packets were lost
 */
export function fabricCause(suspect: Suspect, world: World, sizes: Sizes | null): readonly NamedCause[] {
  const { lastHop } = suspect;
  if (lastHop === null || lastHop.direction !== "out" || suspect.offPath.length > 0 || suspect.lastSeen === 0)
    return [];
  const expected = expectedPoints(suspect.branch);
  const at = expected.findIndex((p) => samePlace(p, lastHop));
  const next = expected[at + 1];
  const absent = suspect.hops.find((hop) => next !== undefined && samePlace(hop.point, next));
  if (next === undefined || absent?.seen !== 0 || hasXdp(world, next)) return [];
  const from = nodeOf(lastHop.netns);
  const to = nodeOf(next.netns);
  if (from === to) return [];
  const object = `segment ${from}:${lastHop.link} ${to}:${next.link}`;
  return [
    {
      ...(sizes === null
        ? { id: "fabric-drop", found: null, params: { from, to, object } }
        : {
            id: "mtu-black-hole",
            found: String(sizes.passed),
            params: { from, to, object, passed: String(sizes.passed), lost: String(sizes.lost) },
          }),
      node: null,
      netns: null,
      object,
      wanted: null,
      confidence: "likely",
      edits: [],
      proven: false,
      suspects: [suspect],
    },
  ];
}

/** An XDP drop, there or on a device below, looks like loss in the fabric. */
function hasXdp(world: World, at: Point): boolean {
  const links = linksOf(world.netns.get(at.netns));
  const here = linkNamed(links, at.link);
  return [here, ...linksUnder(links, at.link), ...links.filter((l) => l.name === here?.lower)].some(
    (l) => l?.xdp === true,
  );
}
