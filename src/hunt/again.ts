import type { Netns } from "../facts/netns.ts";
import { type NetnsId, netnsNameOf, nodeOf } from "../facts/provenance.ts";
import type { World } from "../facts/world.ts";
import { podKey } from "../facts/cluster.ts";
import { collectWorld } from "../read/collect/collect-world.ts";
import type { Suspect } from "../think/explain/suspect.ts";
import { failingLeg } from "../think/walk/branch.ts";
import type { Disposition } from "../think/walk/dispositions.ts";
import { walk } from "../think/walk/walk.ts";
import type { Field } from "./field.ts";
import { WALK_SPORT } from "./trials.ts";

/** Namespaces, read once more after the probes; null when one could not be. */
export async function readAgain(field: Field, netns: readonly NetnsId[]): Promise<readonly Netns[] | null> {
  const wanted = [...new Set(netns)];
  const { world } = await collectWorld(field.reader, field.cluster, {
    limits: field.limits,
    nodes: [...new Set(wanted.map(nodeOf))],
    pods: (pod) => wanted.some((netns) => `pod:${podKey(pod)}` === netnsNameOf(netns)),
  });
  const fresh = wanted.map((id) => world.netns.get(id));
  return fresh.every((one) => one?.links.known === true) ? fresh.filter((one) => one !== undefined) : null;
}

/**
 * What is explained by nothing that was read before it was tried is held against what is so now, from its last sighting to where it
 * should have been seen next: the probes make a kernel ask for neighbours that nobody had asked for before.
 * @returns null where nothing could be read, or nothing was lost
 */
export async function lookAgain(field: Field, suspects: readonly Suspect[]): Promise<World | null> {
  const lost = suspects.filter(({ failed }) => failed > 0);
  const netns = lost.flatMap(({ lastHop, next, tried }) => [
    lastHop?.netns ?? tried.flow.from,
    ...(next === null ? [] : [next.netns]),
  ]);
  const fresh = netns.length === 0 ? null : await readAgain(field, netns);
  return fresh === null ? null : withFresh(field.world, fresh, (id) => field.world.netns.get(id));
}

/** @param before whose conntrack is kept: now there are the entries of our own probes as well */
function withFresh(world: World, fresh: readonly Netns[], before: (id: NetnsId) => Netns | undefined): World {
  const merged = new Map(world.netns);
  for (const netns of fresh)
    merged.set(netns.id, { ...netns, conntrack: before(netns.id)?.conntrack ?? netns.conntrack });
  return { ...world, netns: merged };
}

/** Walks once more with what was read again: does the suspect still end at the same place in the same way? */
export function stillSo(field: Field, { predicted, tried, branch }: Suspect, fresh: readonly Netns[]): boolean {
  if (predicted === null) return false;
  // What decides about a new connection is what was there before the probes; of one that was under way it is the entry of now.
  const isNew = tried.flow.sport === WALK_SPORT;
  const now = withFresh(field.world, fresh, (id) => (isNew ? field.world.netns.get(id) : undefined));
  const again = walk(now, tried.flow);
  return again.branches.some((b) => {
    if (b.destination.ip.value !== branch.destination.ip.value || b.destination.port !== branch.destination.port)
      return false;
    const leg = failingLeg(b);
    return (
      leg?.leg === predicted.leg &&
      sameEnd(leg.at.end, predicted.at.end) &&
      leg.at.netns === predicted.at.netns &&
      leg.at.link === predicted.at.link
    );
  });
}

/** Our own probes make the kernel try to resolve: an entry that was absent has failed by now. */
function sameEnd(a: Disposition, b: Disposition): boolean {
  const unresolved: readonly Disposition[] = ["NO_SUCH_HOST", "NEIGHBOUR_FAILED"];
  return a === b || (unresolved.includes(a) && unresolved.includes(b));
}
