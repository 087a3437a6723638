import { accessSync, constants } from "node:fs";
import { randomBytes } from "node:crypto";
import type { Cluster } from "../facts/cluster.ts";
import { phrase } from "../facts/phrase.ts";
import type { NodeName } from "../facts/provenance.ts";
import type { NotChecked, World } from "../facts/world.ts";
import { type Event, event } from "../hunt/events.ts";
import type { Field } from "../hunt/field.ts";
import { HuntError } from "../hunt/hunt-error.ts";
import { HERE } from "../hunt/place.ts";
import { collectWorld } from "../read/collect/collect-world.ts";
import type { KubeOptions } from "../read/kube/live.ts";
import type { KubeReader } from "../read/kube/kube-reader.ts";
import type { Limits, Reader, Transport } from "../read/transport/reader.ts";
import { restingAt, steadyNow } from "./clock.ts";
import { nodeNameOf, thisMachine } from "./local-node.ts";
import { makeDirectory } from "./make-directory.ts";
import type { ClusterOptions } from "./options.ts";
import { CliError, untilInterrupted } from "./run.ts";

/** A cluster as these flags reach it. Close it, whatever happens. */
export interface OpenCluster {
  readonly reader: Reader;
  readonly kube: KubeReader;
  readonly limits: Limits;
  /** What time it is there: of a recording, when it was made. */
  readonly now: () => number;
}

/** One command's output is cut at this; 10,000 rules of iptables-save are two to three megabytes. */
const MAX_BYTES = 64 << 20;
const MOST_REASONS = 3;

export function limitsOf(options: ClusterOptions, signal: AbortSignal): Limits {
  return { timeoutMs: options.timeout * 1000, maxBytes: MAX_BYTES, signal };
}

/** Made before anything is sent: what cannot be kept should be known then. @throws CliError */
export function openKeepDirectory(directory: string): string {
  try {
    makeDirectory(directory);
    accessSync(directory, constants.W_OK | constants.X_OK);
    return directory;
  } catch (error) {
    throw new CliError(
      phrase("captures-not-kept", { directory, why: (error as Error).message }),
      phrase("give-writable"),
      {
        cause: error,
      },
    );
  }
}

/** @param record is given the API's lists as they come */
export async function openCluster(
  options: ClusterOptions,
  signal: AbortSignal,
  record?: KubeOptions["record"],
): Promise<OpenCluster> {
  const limits = limitsOf(options, signal);
  if (options.bundle !== undefined) {
    const { openBundles } = await import("../read/bundle/open-bundles.ts");
    const { openRecordedKube } = await import("../read/kube/recorded.ts");
    const bundle = await openBundles(options.bundle, signal);
    return { reader: bundle, kube: openRecordedKube(bundle), limits, now: restingAt(bundle.recordedAt) };
  }
  const { openKube } = await import("../read/kube/live.ts");
  const [kube, reader] = await Promise.all([
    openKube({ ...kubeOptions(options), ...(record === undefined ? {} : { record }) }),
    openReader(options, limits),
  ]);
  return { reader, kube, limits, now: steadyNow };
}

export function kubeOptions({ kubeconfig, context }: ClusterOptions): { kubeconfig?: string; context?: string } {
  return { ...(kubeconfig === undefined ? {} : { kubeconfig }), ...(context === undefined ? {} : { context }) };
}

async function openReader(options: ClusterOptions, limits: Limits): Promise<Reader> {
  if (howToReach(options) === "netns") {
    const { openNetnsReader } = await import("../read/transport/netns.ts");
    return openNetnsReader(await inventoryOf(options));
  }
  const { openLocalReader } = await import("../read/transport/local.ts");
  return openLocalReader(await localNode(options, limits));
}

/** For commands that change something: the only place that makes a Transport. */
export async function openTransport(options: ClusterOptions, limits: Limits): Promise<Transport> {
  if (options.bundle !== undefined) {
    throw new CliError(phrase("bundle-not-changed"), phrase("leave-out-bundle"));
  }
  if (howToReach(options) === "netns") {
    const { openNetnsTransport } = await import("../read/transport/netns.ts");
    return openNetnsTransport(await inventoryOf(options));
  }
  const { openLocalTransport } = await import("../read/transport/local.ts");
  return openLocalTransport(await localNode(options, limits));
}

async function localNode(options: ClusterOptions, limits: Limits): Promise<NodeName> {
  const { readNodes } = await import("../read/kube/live.ts");
  return nodeNameOf(thisMachine(), await readNodes(kubeOptions(options), limits));
}

function howToReach(options: ClusterOptions): "netns" | "local" {
  if (options.via !== "auto") return options.via;
  return options.inventory === undefined ? "local" : "netns";
}

async function inventoryOf(options: ClusterOptions) {
  if (options.inventory === undefined) {
    throw new CliError(phrase("netns-needs-inventory"), phrase("inventory-form"));
  }
  const { readInventory } = await import("../read/transport/inventory.ts");
  return readInventory(options.inventory);
}

/** The cluster's objects and its nodes' facts: what every command thinks about. @throws Interrupted, KubeError, CliError */
export async function readField(
  open: OpenCluster,
  extra: { readonly keepIn?: string | null },
  onProgress: (doing: "objects" | "facts", detail: string) => void,
): Promise<{
  readonly field: Field;
  readonly notChecked: readonly NotChecked[];
  readonly events: readonly Event[];
  readonly marks: Readonly<Record<string, number>>;
}> {
  const { reader, kube, limits, now } = open;
  const started = now();
  onProgress("objects", "");
  const { cluster, notChecked: objectsMissed } = await untilInterrupted(kube.cluster(limits), limits.signal);
  const objectsAt = now();
  onProgress("facts", reader.nodes.join(", "));
  const { world, notChecked, bootIds } = await untilInterrupted(
    collectWorld(reader, cluster, { limits }),
    limits.signal,
  );
  const factsAt = now();
  refuseStrangers(reader, cluster, world);
  const counts = { nodes: cluster.nodes.length, pods: cluster.pods.length, services: cluster.services.length };
  return {
    field: {
      reader,
      kube,
      cluster,
      world,
      limits,
      now,
      usedMs: reader.offline ? () => 0 : usedMs,
      random: (bytes) => randomBytes(bytes),
      keepIn: extra.keepIn ?? null,
      bootIds,
    },
    notChecked: nodesFirst([...objectsMissed, ...notChecked]),
    events: [
      event(started, objectsAt, "objects-read", counts),
      event(objectsAt, factsAt, reader.offline ? "recording-read" : "facts-read", { nodes: reader.nodes }),
    ],
    marks: { objectsMs: objectsAt - started, factsMs: factsAt - objectsAt },
  };
}

function usedMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** A whole node comes before what is missing of another; else the order is kept. */
export function nodesFirst(items: readonly NotChecked[]): readonly NotChecked[] {
  return [...items].sort((a, b) => Number(isOfNode(b)) - Number(isOfNode(a)));
}

function isOfNode({ what }: NotChecked): boolean {
  if (typeof what === "string") return false;
  const subject = what.code === "gap" ? what.values.subject : what;
  return typeof subject !== "string" && (subject.code === "node" || subject.code === "whole-node");
}

/** What could not be listed is not known to be absent: then that is the error. */
export function unlessUnread(error: unknown, notChecked: readonly NotChecked[]): unknown {
  if (!(error instanceof HuntError)) return error;
  const { problem } = error;
  const kind = problem.error.endsWith("-pod") || problem.error === "no-such-place" ? "pods" : "services";
  const missed = notChecked.find(({ what }) => what === kind);
  if (missed === undefined || !("near" in problem)) return error;
  const asked = "name" in problem ? problem.name : problem.from;
  return new CliError(phrase("kind-unread", { asked, kind, why: missed.why }), phrase("choose-context"));
}

function refuseStrangers(reader: Reader, cluster: Cluster, world: World): void {
  const known = cluster.nodes.filter((n) => reader.nodes.includes(n.name));
  if (cluster.nodes.length > 0 && known.length === 0) {
    throw new CliError(
      phrase("no-node-reached", { nodes: cluster.nodes.map((n) => n.name), via: reader.via, known: reader.nodes }),
      phrase(reader.offline ? "record-under-name" : "give-inventory"),
    );
  }
  const hosts = [...world.netns.values()].filter((n) => n.name === "host" && n.node !== HERE);
  if (hosts.some((n) => n.links.known)) return;
  const reasons = hosts.flatMap(({ node, links }) => (links.known ? [] : phrase("node-why", { node, why: links.why })));
  throw new CliError(
    phrase("no-links-read", { nodes: reasons.slice(0, MOST_REASONS), more: reasons.length > MOST_REASONS }),
    phrase(reader.offline ? "is-it-recording" : "check-inventory"),
  );
}
