import { hostname } from "node:os";
import { randomBytes } from "node:crypto";
import type { Cluster } from "../facts/cluster.ts";
import type { NotChecked, World } from "../facts/world.ts";
import type { Field } from "../hunt/field.ts";
import { collectWorld } from "../read/collect/collect-world.ts";
import type { KubeReader } from "../read/kube/kube-reader.ts";
import type { Limits, Reader, Transport } from "../read/transport/reader.ts";
import type { ClusterOptions } from "./options.ts";
import { CliError } from "./run.ts";

/** A cluster as these flags reach it. Close it, whatever happens. */
export interface OpenCluster {
  readonly reader: Reader;
  readonly kube: KubeReader;
  readonly limits: Limits;
}

/** One command's output is cut at this; 10,000 rules of iptables-save are two to three megabytes. */
const MAX_BYTES = 64 << 20;

export function limitsOf(options: ClusterOptions, signal: AbortSignal): Limits {
  return { timeoutMs: options.timeout * 1000, maxBytes: MAX_BYTES, signal };
}

export async function openCluster(options: ClusterOptions, signal: AbortSignal): Promise<OpenCluster> {
  const limits = limitsOf(options, signal);
  if (options.bundle !== undefined) {
    const { openBundle } = await import("../read/transport/bundle.ts");
    const { openRecordedKube } = await import("../read/kube/recorded.ts");
    const bundle = await openBundle(options.bundle);
    return { reader: bundle, kube: openRecordedKube(bundle), limits };
  }
  const { openKube } = await import("../read/kube/live.ts");
  const [kube, reader] = await Promise.all([openKube(kubeOptions(options)), openReader(options)]);
  return { reader, kube, limits };
}

export function kubeOptions({ kubeconfig, context }: ClusterOptions): { kubeconfig?: string; context?: string } {
  return { ...(kubeconfig === undefined ? {} : { kubeconfig }), ...(context === undefined ? {} : { context }) };
}

async function openReader(options: ClusterOptions): Promise<Reader> {
  if (howToReach(options) === "netns") {
    const { openNetnsReader } = await import("../read/transport/netns.ts");
    return openNetnsReader(await inventoryOf(options));
  }
  const { openLocalReader } = await import("../read/transport/local.ts");
  return openLocalReader(hostname());
}

/** For commands that change something: the only place that makes a Transport. */
export async function openTransport(options: ClusterOptions): Promise<Transport> {
  if (options.bundle !== undefined) {
    throw new CliError("a bundle cannot be changed", "Leave out --bundle, and reach the cluster itself.");
  }
  if (howToReach(options) === "netns") {
    const { openNetnsTransport } = await import("../read/transport/netns.ts");
    return openNetnsTransport(await inventoryOf(options));
  }
  const { openLocalTransport } = await import("../read/transport/local.ts");
  return openLocalTransport(hostname());
}

function howToReach(options: ClusterOptions): "netns" | "local" {
  if (options.via !== "auto") return options.via;
  return options.inventory === undefined ? "local" : "netns";
}

async function inventoryOf(options: ClusterOptions) {
  if (options.inventory === undefined) {
    throw new CliError(
      "--via netns needs --inventory",
      "A YAML file that names each node's network namespace: k1: NAME",
    );
  }
  const { readInventory } = await import("../read/transport/inventory.ts");
  return readInventory(options.inventory);
}

/** The cluster's objects and its nodes' facts: what every command thinks about. */
export async function readField(
  open: OpenCluster,
  extra: { readonly keepIn?: string | null },
  onProgress: (doing: "objects" | "facts", detail: string) => void,
): Promise<{
  readonly field: Field;
  readonly notChecked: readonly NotChecked[];
  readonly marks: Readonly<Record<string, number>>;
}> {
  const { reader, kube, limits } = open;
  const started = Date.now();
  onProgress("objects", "");
  const { cluster, notChecked: objectsMissed } = await kube.cluster(limits);
  const objectsMs = Date.now() - started;
  onProgress("facts", reader.nodes.join(", "));
  const { world, notChecked, bootIds } = await collectWorld(reader, cluster, { limits });
  refuseStrangers(reader, cluster, world);
  return {
    field: {
      reader,
      kube,
      cluster,
      world,
      limits,
      now: Date.now,
      random: (bytes) => randomBytes(bytes),
      keepIn: extra.keepIn ?? null,
      bootIds,
    },
    notChecked: [...objectsMissed, ...notChecked],
    marks: { objectsMs, factsMs: Date.now() - started - objectsMs },
  };
}

function refuseStrangers(reader: Reader, cluster: Cluster, world: World): void {
  const known = cluster.nodes.filter((n) => reader.nodes.includes(n.name));
  if (cluster.nodes.length > 0 && known.length === 0) {
    throw new CliError(
      `none of the cluster's nodes (${cluster.nodes.map((n) => n.name).join(", ")}) can be reached: ${reader.via} knows ${reader.nodes.join(", ")}`,
      "Give --inventory FILE with the nodes' names, or check --kubeconfig.",
    );
  }
  const answering = [...world.netns.values()].some((n) => n.name === "host" && n.links.known);
  if (!answering) {
    const why = [...world.netns.values()].map((n) => (n.links.known ? null : n.links.why)).find((w) => w !== null);
    throw new CliError(
      `no node answers: ${why ?? "unknown"}`,
      "Check that you are root where that is needed, and the inventory.",
    );
  }
}
