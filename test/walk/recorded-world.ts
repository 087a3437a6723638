import { join } from "node:path";
import { type Cluster, podKey } from "../../src/facts/cluster.ts";
import { ip } from "../../src/facts/ip.ts";
import type { World } from "../../src/facts/world.ts";
import { collectWorld } from "../../src/read/collect/collect-world.ts";
import { openBundle } from "../../src/read/transport/bundle.ts";
import { known } from "../../src/facts/provenance.ts";

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly namespace: string; readonly name: string };
    readonly spec: { readonly nodeName: string; readonly hostNetwork?: boolean };
    readonly status: { readonly phase: string; readonly podIPs?: readonly { readonly ip: string }[] };
  }[];
}

/** The facts of one of the recorded clusters, and its pods' namespaces by address. */
export async function recordedWorld(
  name: string,
): Promise<{ readonly world: World; readonly podAt: (address: string) => string }> {
  const bundle = await openBundle(join("fixtures", name));
  const list = (await bundle.apiObjects("pods")) as PodList;
  const pods = list.items.map(({ metadata, spec, status }) => ({
    ...metadata,
    node: spec.nodeName,
    phase: status.phase,
    ready: true,
    hostNetwork: spec.hostNetwork === true,
    ips: (status.podIPs ?? []).map((one) => ip(one.ip)),
    labels: {},
    containers: [],
  }));
  const cluster: Cluster = {
    nodes: [],
    pods,
    services: [],
    endpoints: [],
    endpointsKnown: true,
    namespaces: known([]),
    networkPolicies: known([]),
  };
  const { world } = await collectWorld(bundle, cluster, { limits: { timeoutMs: 10_000, maxBytes: 64 << 20 } });
  return {
    world,
    podAt(address) {
      const pod = pods.find((p) => !p.hostNetwork && p.ips.some((one) => one.text === address));
      if (pod === undefined) throw new Error(`${name} has no pod at ${address}`);
      return `${pod.node}/pod:${podKey(pod)}`;
    },
  };
}
