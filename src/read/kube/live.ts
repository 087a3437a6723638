import type { KubeConfig } from "@kubernetes/client-node";
import { known, unknown } from "../../facts/provenance.ts";
import type { NotChecked } from "../../facts/world.ts";
import type { Limits } from "../transport/reader.ts";
import { clusterFromObjects, type Kind } from "./cluster-from-objects.ts";
import { KubeError, type KubeReader, type PodLogRequest } from "./kube-reader.ts";
import { get } from "./request.ts";

export interface KubeOptions {
  /** A file; else KUBECONFIG, ~/.kube/config, or the service account of the pod that this runs in. */
  readonly kubeconfig?: string;
  readonly context?: string;
}

const PATHS: Readonly<Record<Kind, string>> = {
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
  file: "Give --kubeconfig FILE, or set KUBECONFIG.",
  context: "Choose one of them with --context, or another --kubeconfig.",
  credentials: "Renew them, or choose another --context; `kubectl get nodes` must answer with the same ones.",
} as const;
const PAGE = 500;
const MOST_PAGES = 200;

/**
 * The API of a live cluster. client-node is loaded here and nowhere else, for it is heavy, and only for the kubeconfig and its
 * ways to authenticate: its models would parse every object once more. @throws KubeError when there is no usable kubeconfig.
 */
export async function openKube(options: KubeOptions): Promise<KubeReader> {
  const config = await loadConfig(options);
  const cluster = config.getCurrentCluster();
  return {
    via: cluster?.server ?? "",
    cluster: (limits) => readCluster(config, limits),
    podLog: (request, limits) => readPodLog(config, request, limits),
  };
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
    throw new KubeError(`cannot read the kubeconfig: ${why}`, { cause: error, hint: HINTS.file });
  }
  const cluster = config.getCurrentCluster();
  if (options.kubeconfig === undefined && cluster?.server === NO_KUBECONFIG) {
    throw new KubeError("there is no kubeconfig: neither KUBECONFIG, nor ~/.kube/config, nor a pod's service account", {
      hint: HINTS.file,
    });
  }
  if (cluster === null) {
    const contexts = config.getContexts().map(({ name }) => name);
    const named = options.context ?? config.getCurrentContext();
    throw new KubeError(
      `the kubeconfig has no context ${named || "in use"} (there are: ${contexts.join(", ") || "none"})`,
      { hint: HINTS.context },
    );
  }
  return config;
}

async function readCluster(config: KubeConfig, limits: Limits) {
  const kinds: readonly Kind[] = ["nodes", "pods", "services", "endpointslices", "networkpolicies"];
  const lists = new Map<Kind, { list: unknown; why: string | null }>();
  await Promise.all(kinds.map(async (kind) => lists.set(kind, await readList(config, kind, limits))));
  // Before Kubernetes 1.21 there is no discovery.k8s.io/v1.
  if (lists.get("endpointslices")?.list === null) lists.set("endpoints", await readList(config, "endpoints", limits));
  const listOf = (kind: Kind) => lists.get(kind)?.list ?? null;
  const reading = clusterFromObjects({
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

/** All pages of a list. A kind that may not be read is null and why; credentials that are refused are an error. */
async function readList(
  config: KubeConfig,
  kind: Kind,
  limits: Limits,
): Promise<{ list: unknown; why: string | null }> {
  const items: unknown[] = [];
  let token = "";
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { status, body } = await get(config, `${PATHS[kind]}?limit=${PAGE}${token && `&continue=${token}`}`, limits);
    if (status === 401) {
      const context = config.getCurrentContext();
      throw new KubeError(
        `the Kubernetes API refuses the credentials of context ${context} (401): ${tellStatus(body)}`,
        { hint: HINTS.credentials },
      );
    }
    if (status !== 200) return { list: null, why: `the API answers ${status}: ${tellStatus(body)}` };
    const answer = parseObject(body);
    if (answer === null || !Array.isArray(answer.items))
      return { list: null, why: "the API answers with something else than a list" };
    for (const item of answer.items) items.push(item);
    const next = (answer.metadata as { continue?: unknown } | undefined)?.continue;
    if (typeof next !== "string" || next === "") return { list: { items }, why: null };
    token = encodeURIComponent(next);
  }
  return { list: null, why: `more than ${MOST_PAGES * PAGE} objects` };
}

async function readPodLog(config: KubeConfig, request: PodLogRequest, limits: Limits) {
  const query = new URLSearchParams({
    sinceSeconds: String(request.sinceSeconds),
    limitBytes: String(limits.maxBytes),
  });
  if (request.container !== undefined) query.set("container", request.container);
  const path = `/api/v1/namespaces/${encodeURIComponent(request.namespace)}/pods/${encodeURIComponent(request.pod)}/log`;
  try {
    // Room for an error in JSON beside the limit, which the API keeps to itself.
    const { status, body } = await get(config, `${path}?${query}`, { ...limits, maxBytes: limits.maxBytes + 65_536 });
    return status === 200 ? known(body) : unknown(`the API answers ${status}: ${tellStatus(body)}`);
  } catch (error) {
    return unknown((error as Error).message);
  }
}

/** The message of a `Status` object. */
function tellStatus(body: string): string {
  const message = parseObject(body)?.message;
  return (typeof message === "string" ? message : body).slice(0, 300);
}

function parseObject(body: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
