import type { Cluster, Pod } from "../facts/cluster.ts";
import { podKey } from "../facts/cluster.ts";
import { contains, parsePrefix } from "../facts/ip.ts";
import type { Netns } from "../facts/netns.ts";
import { type Phrase, phrase } from "../facts/phrase.ts";
import { type NetnsId, netnsId, type NodeName } from "../facts/provenance.ts";
import type { World } from "../facts/world.ts";
import { partyAt, partyIn } from "../think/intent/policy/party.ts";
import { permits } from "../think/intent/policy/permits.ts";
import type { Symptom } from "../think/symptom/symptom.ts";
import { endpointsOf, type Target } from "../think/symptom/target.ts";

/** The vantage outside of the cluster has this name among the nodes. */
export const HERE = "here";

/** So many places are named where one is not found. */
const MOST_NEAR = 24;

/** A network namespace to send from. */
export interface Place {
  readonly netns: NetnsId;
  readonly node: NodeName;
  /** How to enter it on its node; null: it is the node's own. */
  readonly path: string | null;
  /** For people: `this machine`, `node1`, `default/frontend-x2x`. */
  readonly label: Phrase;
}

export function labelOf(places: readonly Place[]): Phrase {
  return phrase("places", { places: places.map((place) => place.label) });
}

/** Null for a namespace that nothing could be read of: nothing can be sent from there, nor heard. */
export function placeOf(world: World, id: NetnsId, label?: Phrase): Place | null {
  const netns = world.netns.get(id);
  if (netns === undefined || isUnread(netns)) return null;
  const named =
    netns.name === "host" ? (netns.node === HERE ? phrase("this-machine") : netns.node) : netns.name.slice(4);
  return { netns: id, node: netns.node, path: netns.path, label: label ?? named };
}

/** A pod's namespace without a path would be entered as its node's own. */
function isUnread(netns: Netns): boolean {
  if (netns.name !== "host" && netns.path === null) return true;
  return ![netns.links, netns.routes, netns.sysctls, netns.sockets, netns.counters].some((fact) => fact.known);
}

export function hostPlace(world: World, node: NodeName): Place | null {
  return placeOf(world, netnsId(node, "host"));
}

/** A hostNetwork pod's place is its node. Null when its namespace was not found. */
export function podPlace(world: World, pod: Pod): Place | null {
  const netns = podNetns(pod);
  return netns === null ? null : placeOf(world, netns, podKey(pod));
}

export type FromError =
  | { readonly error: "no-such-place"; readonly from: string; readonly near: readonly string[] }
  /** It exists, and cannot be entered. */
  | { readonly error: "place-not-read"; readonly from: string; readonly why: Phrase };

/** `here`, `node/N`, `pod/[NAMESPACE/]P`. */
export function namedPlace(from: string, namespace: string, world: World, cluster: Cluster): Place | FromError {
  const [kind = "", ...rest] = from.split("/");
  const pod =
    kind === "pod" && rest.length > 0
      ? podNamed(rest.length > 1 ? (rest[0] ?? "") : namespace, rest.at(-1) ?? "", cluster)
      : null;
  const id =
    kind === HERE && rest.length === 0
      ? netnsId(HERE, "host")
      : kind === "node" && rest.length === 1
        ? netnsId(rest[0] ?? "", "host")
        : pod === null
          ? null
          : podNetns(pod);
  const netns = id === null ? undefined : world.netns.get(id);
  if (netns === undefined) {
    const nodes = cluster.nodes.map((n) => `node/${n.name}`);
    const pods = cluster.pods.filter((p) => p.namespace === namespace && !p.hostNetwork).map((p) => `pod/${p.name}`);
    const here = world.netns.has(netnsId(HERE, "host")) ? [HERE] : [];
    return {
      error: "no-such-place",
      from,
      near: [...here, ...nodes, ...(kind === "pod" ? pods : [])].slice(0, MOST_NEAR),
    };
  }
  const place = placeOf(world, netns.id, pod === null ? undefined : podKey(pod));
  return place ?? { error: "place-not-read", from, why: netns.links.known ? phrase("not-enterable") : netns.links.why };
}

function podNamed(namespace: string, name: string, cluster: Cluster): Pod | null {
  const inNamespace = cluster.pods.filter((p) => p.namespace === namespace);
  return inNamespace.find((p) => p.name === name) ?? inNamespace.find((p) => p.name.startsWith(`${name}-`)) ?? null;
}

function podNetns(pod: Pod): NetnsId | null {
  if (pod.node === null) return null;
  return netnsId(pod.node, pod.hostNetwork ? "host" : `pod:${podKey(pod)}`);
}

/** Where a symptom is tried from, and nodes none of whose pods the policies let reach it: nobody there expects an answer. */
export interface UsualPlaces {
  readonly places: readonly Place[];
  readonly denied: readonly NodeName[];
}

/**
 * Where the symptom is tried from when nobody says. An address is tried as its users do, from outside, or where there
 * is no such place from a node that it does not belong to, so that it crosses the wire. A Service or a pod is used from
 * inside: on every node from one pod that the declared policies let reach it, or from the node itself where no pod's
 * namespace is known. Where they let nobody reach it at all, it is tried all the same, and they are what is met.
 */
export function usualPlaces(
  symptom: Symptom,
  target: Target,
  world: World,
  cluster: Cluster,
  most: number,
): UsualPlaces {
  const nodes = cluster.nodes
    .map((n) => n.name)
    .filter((n) => world.netns.get(netnsId(n, "host"))?.links.known === true);
  const isOutside = symptom.kind === "address" || symptom.kind === "url";
  const isPodAddress = cluster.nodes.some((n) =>
    n.podCidrs.map((c) => parsePrefix(c)).some((c) => c !== null && contains(c, target.ip)),
  );
  const isInternal = target.service?.through === "cluster-ip" || target.pod !== null || isPodAddress;
  if (isOutside && !isInternal) {
    const here = hostPlace(world, HERE);
    if (here !== null) return { places: [here], denied: [] };
    const other = nodes.find((n) => n !== target.entry?.name) ?? nodes[0];
    const place = other === undefined ? null : hostPlace(world, other);
    return { places: place === null ? [] : [place], denied: [] };
  }
  const serving = new Set(servingPods(target, cluster));
  const isDenied = whoIsDenied(target, world, cluster);
  const candidates = nodes.flatMap((node): readonly Candidate[] => {
    const pods = cluster.pods.filter((p) => p.node === node && !p.hostNetwork && p.phase === "Running");
    const found = pods.flatMap((pod): readonly Candidate[] => {
      const place = podPlace(world, pod);
      if (place === null) return [];
      return [{ node, place, isIdle: !serving.has(podKey(pod)), isDenied: isDenied(pod) }];
    });
    if (found.length > 0) return found;
    const place = hostPlace(world, node);
    return place === null ? [] : [{ node, place, isIdle: true, isDenied: false }];
  });
  const welcome = candidates.filter((one) => !one.isDenied);
  const chosen = new Map<NodeName, Place>();
  const better = (a: Candidate, b: Candidate): number => Number(b.isIdle) - Number(a.isIdle);
  for (const { node, place } of (welcome.length > 0 ? welcome : candidates).toSorted(better)) {
    if (!chosen.has(node)) chosen.set(node, place);
  }
  const among = [...new Set(candidates.map((one) => one.node))];
  const places = among.flatMap((node) => chosen.get(node) ?? []);
  return { places: places.slice(0, most), denied: among.filter((node) => !chosen.has(node)) };
}

interface Candidate {
  readonly node: NodeName;
  readonly place: Place;
  /** It does not serve what is asked for. */
  readonly isIdle: boolean;
  readonly isDenied: boolean;
}

/** Whom the declared policies keep from one of the pods that serve the target. */
function whoIsDenied({ service, pod, protocol, port }: Target, world: World, cluster: Cluster): (from: Pod) => boolean {
  const { networkPolicies } = cluster;
  if (networkPolicies.known && networkPolicies.value.length === 0) return () => false;
  const ends =
    service === null
      ? (pod?.ips ?? []).map((ip) => ({ ip, port }))
      : endpointsOf(cluster, service.object, service.port);
  const flows = ends.map((end) => ({ destination: partyAt(cluster, world, end.ip), protocol, port: end.port }));
  return (from) => {
    const [own] = from.ips;
    if (own === undefined) return false;
    const source = partyIn(cluster, world, podNetns(from) ?? "", own);
    return flows.some((flow) => permits(cluster, { ...flow, source }).allowed === false);
  };
}

function servingPods(target: Target, cluster: Cluster): readonly string[] {
  if (target.pod !== null) return [podKey(target.pod)];
  const { service } = target;
  if (service === null) return [];
  return cluster.endpoints
    .filter((e) => e.namespace === service.object.namespace && e.service === service.object.name && e.pod !== null)
    .map((e) => podKey(e.pod ?? { namespace: "", name: "" }));
}

export function isFromError(place: Place | FromError): place is FromError {
  return "error" in place;
}
