import type { Cluster, Pod, Service } from "../../facts/cluster.ts";

export type Labels = Readonly<Record<string, string>>;

export function selectorText(selector: Labels | null): string {
  if (selector === null) return "<none>";
  return Object.entries(selector)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}

export function matches(selector: Labels, labels: Labels): boolean {
  return Object.entries(selector).every(([key, value]) => labelOf(labels, key) === value);
}

/**
 * Pods that a Service selects, ready or not. A pod that has ended is never an endpoint again, whatever labels it carries
 * (staging/src/k8s.io/endpointslice/util/controller_utils.go, ShouldPodBeInEndpoints).
 */
export function selectedPods(cluster: Cluster, service: Service): readonly Pod[] {
  const { selector } = service;
  if (selector === null || Object.keys(selector).length === 0) return [];
  return cluster.pods.filter(
    (p) => p.namespace === service.namespace && !ENDED.has(p.phase) && matches(selector, p.labels),
  );
}

const ENDED: ReadonlySet<string> = new Set(["Succeeded", "Failed"]);

interface Group {
  readonly selector: Labels;
  readonly pods: readonly Pod[];
}

/**
 * What a selector that matches nothing was most likely meant to be: the one set of values, for the same keys, that running pods
 * of the namespace carry, that no other Service selects, that serves the Service's target port, and that is the selector's or
 * the Service's own in something. Null when there is none, or when another one is as near or nearer in any respect: a guess
 * would be a false cause.
 */
export function intendedSelector(
  cluster: Cluster,
  service: Service,
): (Group & { /** No other workload, scaled to none, can be what was meant. */ readonly isCertain: boolean }) | null {
  const { selector } = service;
  if (selector === null || selectedPods(cluster, service).length > 0) return null;
  const keys = Object.keys(selector);
  const groups = new Map<string, { selector: Labels; pods: Pod[] }>();
  const running = cluster.pods.filter((p) => p.namespace === service.namespace && p.phase === "Running");
  for (const pod of running) {
    if (!keys.every((key) => labelOf(pod.labels, key) !== null) || !servesPorts(pod, service)) continue;
    const values: Labels = Object.fromEntries(keys.map((key) => [key, labelOf(pod.labels, key) ?? ""]));
    const key = selectorText(values);
    const group = groups.get(key) ?? { selector: values, pods: [] };
    group.pods.push(pod);
    groups.set(key, group);
  }
  const candidates = [...groups.values()].map((group) => {
    const others = running.filter((p) => !group.pods.includes(p));
    return { group, nearness: nearnessOf(group, service, selector, others) };
  });
  const best = candidates.find(({ nearness }) =>
    candidates.every((c) => c.nearness === nearness || isNearer(nearness, c.nearness)),
  );
  if (best === undefined || best.nearness.every((n) => n === 0)) return null;
  if (isSelectedByAnother(cluster, service, best.group)) return null;
  return { ...best.group, isCertain: isCertainly(best.group, service, selector) };
}

/** In how many respects of each sort: values that are the selector's, that bear the Service's name, that are nearly the selector's. */
type Nearness = readonly [same: number, named: number, alike: number];

/** @param others what they carry as well (`part-of: shop`) tells nothing of these */
function nearnessOf(group: Group, { name }: Service, meant: Labels, others: readonly Pod[]): Nearness {
  const isShared = (key: string, value: string): boolean => others.some((p) => labelOf(p.labels, key) === value);
  const isNamed =
    isOfName(group, name) ||
    group.pods.every((p) => Object.entries(p.labels).some(([key, value]) => value === name && !isShared(key, value)));
  const values = Object.entries(group.selector);
  const same = values.filter(([key, value]) => meant[key] === value && !isShared(key, value)).length;
  const alike = values.filter(([key, value]) => meant[key] !== value && areAlike(meant[key] ?? "", value)).length;
  return [same, isNamed ? 1 : 0, alike];
}

/** Its workload is named as the Service: the tails are a ReplicaSet's, a DaemonSet's or a StatefulSet's pods'. */
function isOfName({ pods }: Group, name: string): boolean {
  return pods.every((p) => p.name.startsWith(`${name}-`) && GENERATED.test(p.name.slice(name.length)));
}

/** Of the letters that names are generated from, which make no words (k8s.io/apimachinery/pkg/util/rand). */
const GENERATED = /^(-[bcdf-hj-np-tv-xz2456789]{1,10})?-([bcdf-hj-np-tv-xz2456789]{5}|\d+)$/;

/**
 * Every value that differs is the Service's own name or misspelt, or the pods' names are made from the Service's. That
 * two are the same in something, or begin alike (`api`, `api-gateway`), is so of different workloads as well.
 */
function isCertainly(group: Group, { name }: Service, meant: Labels): boolean {
  const differing = Object.entries(group.selector).filter(([key, value]) => meant[key] !== value);
  return (
    isOfName(group, name) || differing.every(([key, value]) => value === name || isMisspelt(meant[key] ?? "", value))
  );
}

/** In no respect less near, and nearer in one. */
function isNearer(a: Nearness, b: Nearness): boolean {
  return a.every((n, i) => n >= (b[i] ?? 0)) && a.some((n, i) => n > (b[i] ?? 0));
}

/** `backend` and `backend-v2`, `bakcend` and `backend`: one begins with the other, or is its misspelling. */
function areAlike(a: string, b: string): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  if (short.length < 2) return false;
  if (long.startsWith(short)) return true;
  return short.length >= 4 && isTypo(short, long);
}

/** What differs in its number or its last letter (`shard-1`, `web-a`) is another of that kind. */
function isMisspelt(a: string, b: string): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  const isOfKind = short.at(-1) !== long.at(-1) || short.replaceAll(/\d/g, "") === long.replaceAll(/\d/g, "");
  return short.length >= 4 && !isOfKind && isTypo(short, long);
}

/** One letter too many, too few, another, or two swapped. */
function isTypo(short: string, long: string): boolean {
  if (long.length - short.length > 1) return false;
  let head = 0;
  while (head < short.length && short[head] === long[head]) head += 1;
  const a = short.slice(head);
  const b = long.slice(head);
  if (a.length !== b.length) return a === b.slice(1);
  return a.slice(1) === b.slice(1) || (a[0] === b[1] && a[1] === b[0] && a.slice(2) === b.slice(2));
}

/** A label, and not what every object has by inheritance. */
function labelOf(labels: Labels, key: string): string | null {
  return Object.hasOwn(labels, key) ? (labels[key] ?? null) : null;
}

/** A Service of theirs asks what labels it likes of them. */
function isSelectedByAnother(cluster: Cluster, service: Service, { pods }: Group): boolean {
  return cluster.services.some(
    (s) =>
      s !== service &&
      s.namespace === service.namespace &&
      s.selector !== null &&
      Object.keys(s.selector).length > 0 &&
      pods.some((pod) => matches(s.selector ?? {}, pod.labels)),
  );
}

/** A named target port must be a port of the pod; a number may be one that the pod does not declare. */
function servesPorts(pod: Pod, service: Service): boolean {
  const declared = pod.containers.flatMap((c) => c.ports);
  return service.ports.every(
    ({ targetPort }) => /^\d+$/.test(String(targetPort)) || declared.some((p) => p.name === targetPort),
  );
}
