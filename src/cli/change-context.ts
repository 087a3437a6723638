import type { ChangeContext } from "../change/repair/apply.ts";
import { openKubeWriter } from "../change/kube-writer.ts";
import { netnsId } from "../facts/provenance.ts";
import { collectWorld } from "../read/collect/collect-world.ts";
import type { KubeReader } from "../read/kube/kube-reader.ts";
import { openKube } from "../read/kube/live.ts";
import type { Limits, Transport } from "../read/transport/reader.ts";
import type { Remembered } from "./last-verdict.ts";
import { kubeOptions, limitsOf, openTransport } from "./open-cluster.ts";
import type { ClusterOptions } from "./options.ts";

/** Who names the way to a cluster does not mean the recording that was diagnosed. */
const LIVE = ["via", "inventory", "kubeconfig", "context"];

/** Flags that were typed, over the way that the diagnosis went. */
export function wayOf<T extends ClusterOptions>(
  options: T,
  remembered: Remembered | null,
  isGiven: (name: string) => boolean,
): T {
  const typed = Object.fromEntries(Object.entries(options).filter(([name]) => isGiven(name)));
  const way = Object.fromEntries(
    Object.entries(remembered?.way ?? {}).filter(
      ([name, value]) => value !== undefined && !(name === "bundle" && LIVE.some(isGiven)),
    ),
  );
  return { ...options, ...way, ...typed };
}

export interface OpenForChange {
  readonly transport: Transport;
  readonly kube: KubeReader;
  readonly limits: Limits;
  readonly context: ChangeContext;
}

/** The way to nodes that may be altered, and to the API. Close the transport, whatever happens. */
export async function openForChange(options: ClusterOptions, signal: AbortSignal): Promise<OpenForChange> {
  const limits = limitsOf(options, signal);
  const [transport, kube, api] = await Promise.all([
    openTransport(options, limits),
    openKube(kubeOptions(options)),
    openKubeWriter(kubeOptions(options), limits),
  ]);
  return {
    transport,
    kube,
    limits,
    context: {
      transport,
      api,
      now: () => new Date(),
      async netnsPath(node, netns) {
        const { cluster } = await kube.cluster(limits);
        const { world } = await collectWorld(transport, cluster, {
          limits,
          nodes: [node],
          pods: (pod) => `pod:${pod.namespace}/${pod.name}` === netns,
        });
        return world.netns.get(netnsId(node, netns))?.path ?? null;
      },
    },
  };
}
