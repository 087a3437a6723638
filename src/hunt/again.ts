import type { Cluster, Service } from "../facts/cluster.ts";
import type { Netns } from "../facts/netns.ts";
import { type NetnsId, netnsNameOf, nodeOf } from "../facts/provenance.ts";
import type { World } from "../facts/world.ts";
import { podKey } from "../facts/cluster.ts";
import { collectWorld } from "../read/collect/collect-world.ts";
import { KubeError } from "../read/kube/kube-reader.ts";
import type { Suspect } from "../think/explain/suspect.ts";
import { failingLeg } from "../think/walk/branch.ts";
import type { Disposition } from "../think/walk/dispositions.ts";
import { walk } from "../think/walk/walk.ts";
import type { Field } from "./field.ts";
import { WALK_SPORT } from "./trials.ts";

/** Is the Service, and are its endpoints, what they were before the tries? Null where the API could not be asked again. */
export async function isServiceStillSo(field: Field, service: Service): Promise<boolean | null> {
  const again = await field.kube.cluster(field.limits).catch((error: unknown) => {
    if (error instanceof KubeError) return null;
    throw error;
  });
  if (again === null || !again.cluster.endpointsKnown) return null;
  return serviceText(again.cluster, service) === serviceText(field.cluster, service);
}

function serviceText(cluster: Cluster, { namespace, name }: Service): string {
  const service = cluster.services.find((s) => s.namespace === namespace && s.name === name);
  const endpoints = cluster.endpoints
    .filter((e) => e.namespace === namespace && e.service === name)
    .map((e) => `${e.ip.text} ${e.port} ${e.protocol} ${e.ready} ${e.serving} ${e.terminating}`);
  return JSON.stringify([
    service?.selector,
    service?.ports,
    service?.externalTrafficPolicy,
    service?.internalTrafficPolicy,
    service?.clusterIps.map((ip) => ip.text),
    endpoints.sort(),
  ]);
}

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
 * The world with the neighbours that are known there now: the tries made those kernels ask for addresses that nobody had asked for
 * before. All else stays as it was read before the tries.
 * @returns null where nothing could be read, or nothing was asked for
 */
export async function withNeighboursOfNow(field: Field, netns: readonly NetnsId[]): Promise<World | null> {
  const fresh = netns.length === 0 ? null : await readAgain(field, netns);
  if (fresh === null) return null;
  const merged = new Map(field.world.netns);
  for (const { id, neighbours } of fresh) {
    const before = merged.get(id);
    if (before !== undefined) merged.set(id, { ...before, neighbours });
  }
  return { ...field.world, netns: merged };
}

/**
 * Walks once more with what was read again: does the suspect still end at the same place in the same way? Of a packet that is sent
 * to an address that is gone only that it still is, and is lost: where, neighbours' entries decide that come and go.
 */
export function stillSo(
  { predicted, tried, branch }: Suspect,
  fresh: readonly Netns[],
  isWhereverLost: boolean,
): boolean {
  if (predicted === null) return false;
  const { world } = tried.walk;
  const merged = new Map(world.netns);
  for (const netns of fresh) {
    // Conntrack now holds our own probes: what decides about a new connection is what was there before them. Of one that was
    // under way it is the entry of now.
    const before = tried.flow.sport === WALK_SPORT ? world.netns.get(netns.id) : undefined;
    merged.set(netns.id, { ...netns, conntrack: before?.conntrack ?? netns.conntrack });
  }
  const again = walk({ ...world, netns: merged }, tried.flow);
  return again.branches.some((b) => {
    if (b.destination.ip.value !== branch.destination.ip.value || b.destination.port !== branch.destination.port)
      return false;
    const leg = failingLeg(b);
    if (isWhereverLost) return leg !== null;
    return (
      leg?.leg === predicted.leg &&
      sameEnd(leg.at.end, predicted.at.end) &&
      leg.at.netns === predicted.at.netns &&
      leg.at.link === predicted.at.link
    );
  });
}

/**
 * Our own probes make the kernel try to resolve: an entry that was absent has failed by now, also that of a next hop which might
 * have been there, unread. Not the other way round: who answers now was not there before.
 */
function sameEnd(now: Disposition, before: Disposition): boolean {
  const unresolved: readonly Disposition[] = ["NO_SUCH_HOST", "NEIGHBOUR_FAILED"];
  return now === before || (unresolved.includes(now) && [...unresolved, "LEFT_CLUSTER"].includes(before));
}
