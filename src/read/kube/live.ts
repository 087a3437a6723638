import type { KubeConfig } from "@kubernetes/client-node";
import type { KubeNode } from "../../facts/cluster.ts";
import { type Phrase, phrase } from "../../facts/phrase.ts";
import { known, unknown } from "../../facts/provenance.ts";
import { toldBy } from "../../facts/told-error.ts";
import type { NotChecked } from "../../facts/world.ts";
import type { Limits } from "../transport/reader.ts";
import { tellStatus } from "./answer.ts";
import { clusterFromObjects, type Kind } from "./cluster-from-objects.ts";
import { type ClusterReading, KubeError, type KubeReader, type PodLogRequest } from "./kube-reader.ts";
import { type Listing, readList } from "./list.ts";
import { get } from "./request.ts";

export interface KubeOptions {
  /** A file; else KUBECONFIG, ~/.kube/config, or the service account of the pod that this runs in. */
  readonly kubeconfig?: string;
  readonly context?: string;
  /** Is given what the API gave, before it is looked at. */
  readonly record?: (lists: KubeLists) => Promise<void>;
}

/** For each kind that was asked for its list, or why there is none. */
export type KubeLists = ReadonlyMap<Kind, { readonly list: unknown; readonly why: Phrase | null }>;

export const KIND_PATHS: Readonly<Record<Kind, string>> = {
  namespaces: "/api/v1/namespaces",
  nodes: "/api/v1/nodes",
  pods: "/api/v1/pods",
  services: "/api/v1/services",
  endpointslices: "/apis/discovery.k8s.io/v1/endpointslices",
  endpoints: "/api/v1/endpoints",
  networkpolicies: "/apis/networking.k8s.io/v1/networkpolicies",
};
/** What client-node makes up when it finds nothing. */
const NO_KUBECONFIG = "http://localhost:8080";
const HINTS = {
  file: phrase("give-kubeconfig"),
  context: phrase("choose-existing-context"),
} as const;

/**
 * The API of a live cluster. client-node is loaded here and nowhere else, for it is heavy, and only for the kubeconfig and its
 * ways to authenticate: its models would parse every object once more. @throws KubeError when there is no usable kubeconfig.
 */
export async function openKube(options: KubeOptions): Promise<KubeReader> {
  const config = await loadConfig(options);
  const cluster = config.getCurrentCluster();
  return {
    via: cluster?.server ?? "",
    async cluster(limits) {
      const lists = await readLists(config, limits);
      await options.record?.(lists);
      return clusterFromLists(lists);
    },
    podLog: (request, limits) => readPodLog(config, request, limits),
  };
}

/** The nodes alone: which of them is this machine? @throws KubeError */
export async function readNodes(options: KubeOptions, limits: Limits): Promise<readonly KubeNode[]> {
  const { list, error } = await readList(await loadConfig(options), KIND_PATHS.nodes, limits);
  if (error !== null) throw error;
  const none = {
    namespaces: null,
    pods: null,
    services: null,
    endpointslices: null,
    endpoints: null,
    networkpolicies: null,
  };
  return clusterFromObjects({ nodes: list, ...none }).cluster.nodes;
}

/** The kubeconfig in use. @throws KubeError when there is no usable one. */
export async function loadConfig(options: KubeOptions): Promise<KubeConfig> {
  const { KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  try {
    if (options.kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(options.kubeconfig);
    if (options.context !== undefined) config.setCurrentContext(options.context);
  } catch (error) {
    // A parser quotes the lines around the fault, and they may hold a token.
    const [why] = (error as Error).message.split("\n");
    throw new KubeError(phrase("kubeconfig-unread", { why: why ?? "" }), { cause: error, hint: HINTS.file });
  }
  const cluster = config.getCurrentCluster();
  if (options.kubeconfig === undefined && cluster?.server === NO_KUBECONFIG) {
    throw new KubeError(phrase("no-kubeconfig"), {
      hint: HINTS.file,
    });
  }
  if (cluster === null) {
    const contexts = config.getContexts().map(({ name }) => name);
    const named = options.context ?? config.getCurrentContext();
    throw new KubeError(phrase("no-context", { context: named, contexts }), { hint: HINTS.context });
  }
  return config;
}

async function readLists(config: KubeConfig, limits: Limits): Promise<KubeLists> {
  const kinds: readonly Kind[] = ["namespaces", "nodes", "pods", "services", "endpointslices", "networkpolicies"];
  const lists = new Map<Kind, Listing>();
  const read = async (kind: Kind) => lists.set(kind, await readList(config, KIND_PATHS[kind], limits));
  await Promise.all(kinds.map(read));
  // One kind that gets no answer is a gap; when none does, there is no API.
  const [error] = [...lists.values()].map((listing) => listing.error);
  if (error != null && [...lists.values()].every((listing) => listing.error !== null)) throw error;
  // Before Kubernetes 1.21 there is no discovery.k8s.io/v1.
  if (lists.get("endpointslices")?.list === null) await read("endpoints");
  return lists;
}

function clusterFromLists(lists: KubeLists): ClusterReading {
  const listOf = (kind: Kind) => lists.get(kind)?.list ?? null;
  const reading = clusterFromObjects({
    namespaces: listOf("namespaces"),
    nodes: listOf("nodes"),
    pods: listOf("pods"),
    services: listOf("services"),
    endpointslices: listOf("endpointslices"),
    endpoints: listOf("endpoints"),
    networkpolicies: listOf("networkpolicies"),
  });
  const unread: NotChecked[] = [...lists].flatMap(([what, { why }]) => {
    const isReplaced = what === "endpointslices" && listOf("endpoints") !== null;
    return why === null || isReplaced ? [] : [{ what, why }];
  });
  return { cluster: reading.cluster, notChecked: [...unread, ...reading.notChecked] };
}

async function readPodLog(config: KubeConfig, request: PodLogRequest, limits: Limits) {
  const query = new URLSearchParams({
    sinceSeconds: String(request.sinceSeconds),
    tailLines: String(request.tailLines),
    limitBytes: String(limits.maxBytes),
  });
  if (request.container !== undefined) query.set("container", request.container);
  const path = `/api/v1/namespaces/${encodeURIComponent(request.namespace)}/pods/${encodeURIComponent(request.pod)}/log`;
  try {
    // Room for an error in JSON beside the limit, which the API keeps to itself.
    const { status, body } = await get(config, `${path}?${query}`, { ...limits, maxBytes: limits.maxBytes + 65_536 });
    return status === 200 ? known(body) : unknown(phrase("api-answers", { status, said: tellStatus(body) }));
  } catch (error) {
    return unknown(toldBy(error));
  }
}
