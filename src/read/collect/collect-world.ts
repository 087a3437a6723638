import type { Cluster, Pod } from "../../facts/cluster.ts";
import type { Netns } from "../../facts/netns.ts";
import { phrase } from "../../facts/phrase.ts";
import type { NetnsId, NodeName } from "../../facts/provenance.ts";
import { netnsId } from "../../facts/provenance.ts";
import type { NotChecked, World } from "../../facts/world.ts";
import type { Limits, Reader } from "../transport/reader.ts";
import { tellSkews } from "./clocks.ts";
import { collectNode, type NodeFacts } from "./collect-node.ts";
import { tellGaps } from "./gaps.ts";
import { LineBudget } from "./line-budget.ts";
import { unreadNetns } from "./read-netns.ts";
import { findWires } from "./wires.ts";

export interface CollectOptions {
  readonly limits: Limits;
  /** Which nodes to read; all that the reader knows when left out. */
  readonly nodes?: readonly NodeName[];
  /** Which pods' namespaces to read; all when left out. */
  readonly pods?: (pod: Pod) => boolean;
  readonly onProgress?: (node: NodeName) => void;
}

export interface Collected {
  readonly world: World;
  readonly notChecked: readonly NotChecked[];
  /** /proc/sys/kernel/random/boot_id by node: nodes that share one share a kernel. */
  readonly bootIds: ReadonlyMap<NodeName, string>;
  readonly kernels: ReadonlyMap<NodeName, string>;
}

/** Reads the nodes side by side. A node that does not answer is a world of unknowns, never an error. */
export async function collectWorld(
  reader: Reader,
  cluster: Cluster | null,
  options: CollectOptions,
): Promise<Collected> {
  const wanted = options.nodes ?? reader.nodes;
  const reachable = wanted.filter((node) => reader.nodes.includes(node));
  const lines = new LineBudget();
  const collect = async (node: NodeName): Promise<NodeFacts> => {
    const pods = podsOf(cluster, node).filter(options.pods ?? (() => true));
    const facts = await collectNode(reader, node, pods, options.limits, lines);
    options.onProgress?.(node);
    return facts;
  };
  // What of a recording exceeds the budget is the same each time.
  const nodes = reader.offline ? await inTurn(reachable, collect) : await Promise.all(reachable.map(collect));
  const strangers = (cluster?.nodes ?? [])
    .map((node) => node.name)
    .filter((name) => !reachable.includes(name) && (options.nodes?.includes(name) ?? true));
  const given = (of: NodeName) => cluster?.nodes.find(({ name }) => name === of)?.internalIps ?? [];
  const netns = new Map<NetnsId, Netns>(
    nodes
      .flatMap((node) => node.netns)
      .map((one) => [one.id, one.name === "host" ? { ...one, given: given(one.node) } : one] as const),
  );
  for (const node of strangers) {
    const why = phrase("no-way-to-node", { node });
    for (const name of ["host", ...podsOf(cluster, node).map((pod) => `pod:${pod.namespace}/${pod.name}`)]) {
      netns.set(netnsId(node, name), unreadNetns({ id: netnsId(node, name), node, name }, why));
    }
  }
  return {
    world: { netns, wires: findWires(netns.values()) },
    notChecked: [
      ...strangers.map((node) => ({ what: phrase("node", { node }), why: phrase("no-way-by", { via: reader.via }) })),
      ...tellGaps(nodes.flatMap((node) => node.gaps)),
      ...tellSkews(new Map(nodes.flatMap(({ node, clock }) => (clock === null ? [] : [[node, clock] as const])))),
    ],
    bootIds: textsOf(nodes, (node) => node.bootId),
    kernels: textsOf(nodes, (node) => node.kernel),
  };
}

async function inTurn<T, R>(items: readonly T[], each: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await each(item));
  return results;
}

/** Pods with a namespace of their own; one that ended has none any more. */
function podsOf(cluster: Cluster | null, node: NodeName): readonly Pod[] {
  return (cluster?.pods ?? []).filter(
    (pod) =>
      pod.node === node &&
      !pod.hostNetwork &&
      pod.ips.length > 0 &&
      pod.phase !== "Succeeded" &&
      pod.phase !== "Failed",
  );
}

function textsOf(nodes: readonly NodeFacts[], pick: (node: NodeFacts) => string | null): ReadonlyMap<NodeName, string> {
  return new Map(
    nodes.flatMap((node) => {
      const text = pick(node);
      return text === null ? [] : [[node.node, text] as const];
    }),
  );
}
