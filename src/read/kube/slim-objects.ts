import type { z } from "zod";
import type { Kind } from "./cluster-from-objects.ts";
import {
  EndpointSliceShape,
  EndpointsShape,
  ListShape,
  NamespaceShape,
  NetworkPolicyShape,
  NodeShape,
  PodShape,
  ServiceShape,
} from "./object-shapes.ts";

const SHAPES: Readonly<Record<Kind, z.ZodType<{ metadata: { annotations?: unknown } }>>> = {
  namespaces: NamespaceShape,
  nodes: NodeShape,
  pods: PodShape,
  services: ServiceShape,
  endpointslices: EndpointSliceShape,
  endpoints: EndpointsShape,
  networkpolicies: NetworkPolicyShape,
};

/** Notes of the network's own programs on a node: its addresses and its tunnels. */
const OF_NETWORKS = /^(?:flannel\.alpha\.coreos\.com|projectcalico\.org)\//;

/**
 * A list with nothing in it but what is looked at: no environment, no arguments, no annotations such as kubectl's last-applied, which
 * holds all of it again. What does not look like its kind is null, so that it still counts.
 */
export function slimList(kind: Kind, list: unknown): { readonly items: readonly unknown[] } {
  const items = ListShape.safeParse(list).data?.items ?? [];
  return {
    items: items.map((item) => {
      const { data } = SHAPES[kind].safeParse(item);
      if (data === undefined) return null;
      const { annotations, ...metadata } = data.metadata;
      return { ...data, metadata: kind === "nodes" ? { ...metadata, annotations: ofNetworks(annotations) } : metadata };
    }),
  };
}

function ofNetworks(annotations: unknown): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(annotations ?? {}).filter(([key]) => OF_NETWORKS.test(key)));
}
