import type { Endpoint } from "../../facts/cluster.ts";

/**
 * Of those that may be sent to at all, the ones that are: the ready ones, and where there is none those that still serve while they
 * terminate (pkg/proxy/topology.go, CategorizeEndpoints, since Kubernetes 1.26).
 */
export function usableEndpoints(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const ready = endpoints.filter((e) => e.ready);
  return ready.length > 0 ? ready : endpoints.filter((e) => e.serving && e.terminating);
}
