import type { Cluster, Pod, Service } from "../../facts/cluster.ts";

export type Labels = Readonly<Record<string, string>>;

export function selectorText(selector: Labels | null): string {
  if (selector === null) return "<none>";
  return Object.entries(selector)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}

export function matches(selector: Labels, labels: Labels): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}

/** Pods that a Service selects, ready or not. */
export function selectedPods(cluster: Cluster, service: Service): readonly Pod[] {
  const { selector } = service;
  if (selector === null || Object.keys(selector).length === 0) return [];
  return cluster.pods.filter((p) => p.namespace === service.namespace && matches(selector, p.labels));
}

/**
 * What a selector that matches nothing was most likely meant to be: the one set of values, for the same keys, that
 * running pods of the namespace carry, that no other Service selects, and that serves the Service's target port.
 * Null when there is none, or more than one that fits as well: a guess would be a false cause.
 */
export function intendedSelector(
  cluster: Cluster,
  service: Service,
): { readonly selector: Labels; readonly pods: readonly Pod[] } | null {
  const { selector } = service;
  if (selector === null || selectedPods(cluster, service).length > 0) return null;
  const keys = Object.keys(selector);
  const groups = new Map<string, { selector: Labels; pods: Pod[] }>();
  for (const pod of cluster.pods) {
    if (pod.namespace !== service.namespace || pod.phase !== "Running") continue;
    if (!keys.every((key) => key in pod.labels) || !servesPorts(pod, service)) continue;
    const values: Labels = Object.fromEntries(keys.map((key) => [key, pod.labels[key] ?? ""]));
    const key = selectorText(values);
    const group = groups.get(key) ?? { selector: values, pods: [] };
    group.pods.push(pod);
    groups.set(key, group);
  }
  const closeness = (candidate: Labels): number => keys.filter((key) => candidate[key] === selector[key]).length;
  const named = (candidate: Labels): number => (Object.values(candidate).includes(service.name) ? 1 : 0);
  const free = [...groups.values()].filter((g) => !isSelectedByAnother(cluster, service, g.selector));
  const ranked = free.sort(
    (a, b) => closeness(b.selector) - closeness(a.selector) || named(b.selector) - named(a.selector),
  );
  const [best, second] = ranked;
  if (best === undefined) return null;
  const tied =
    second !== undefined &&
    closeness(second.selector) === closeness(best.selector) &&
    named(second.selector) === named(best.selector);
  return tied ? null : best;
}

function isSelectedByAnother(cluster: Cluster, service: Service, labels: Labels): boolean {
  return cluster.services.some(
    (s) =>
      s !== service &&
      s.namespace === service.namespace &&
      s.selector !== null &&
      Object.keys(s.selector).length > 0 &&
      matches(s.selector, labels),
  );
}

/** A named target port must be a port of the pod; a number may be one that the pod does not declare. */
function servesPorts(pod: Pod, service: Service): boolean {
  const declared = pod.containers.flatMap((c) => c.ports);
  return service.ports.every(
    ({ targetPort }) =>
      declared.length === 0 || declared.some((p) => p.name === targetPort || p.port === Number(targetPort)),
  );
}
