import type { IncomingMessage, ServerResponse } from "node:http";
import { release } from "node:os";
import { type KubeObject, uidOf } from "../../objects/kube-object.ts";
import type { Plan } from "../../plan.ts";
import { ApiFailure, sendJson } from "./failure.ts";
import { sendLog } from "./logs.ts";
import { applyPatch } from "./patch.ts";
import {
  apiVersionOf,
  describeGroup,
  groupList,
  RESOURCES,
  type Resource,
  resourceList,
  tableOf,
} from "./resources.ts";
import { fieldFilter, labelFilter } from "./select.ts";
import type { Store } from "./store.ts";
import { checkName, checkService } from "./validate.ts";

export interface Cluster {
  plan: Plan;
  store: Store;
  /** Lets the controllers take up a change, and waits until the nodes' rules have followed. */
  settle(): Promise<unknown>;
}

interface Target {
  resource: Resource;
  namespace: string | null;
  name: string | null;
  subresource: string | null;
}

export async function handleRequest(
  request: IncomingMessage,
  response: ServerResponse,
  cluster: Cluster,
): Promise<void> {
  const url = new URL(request.url ?? "/", "https://lab");
  const path = url.pathname
    .split("/")
    .filter((part) => part !== "")
    .map(decodeURIComponent);
  if (url.pathname === "/openapi/v2") return sendEmptySchema(response);
  const discovered = discovery(path);
  if (discovered) return sendJson(response, 200, discovered);
  const target = findTarget(path);
  if (!target) throw new ApiFailure(404, "NotFound", "the server could not find the requested resource");
  if (request.method === "PATCH" || request.method === "PUT")
    return await change(request, response, cluster, target, url);
  if (request.method === "POST") return await create(request, response, cluster, target);
  if (request.method === "DELETE") return await remove(response, cluster, target);
  if (request.method !== "GET") throw new ApiFailure(405, "MethodNotAllowed", `${request.method} is not served`);
  const asTable = (request.headers.accept ?? "").includes("as=Table");
  if (target.name === null) return sendList(response, cluster.store, target, url.searchParams, asTable);
  const object = existing(cluster.store, target);
  if (target.subresource === "log" && target.resource.plural === "pods") {
    return sendLog(
      cluster.plan.lab,
      { namespace: target.namespace ?? "", name: target.name },
      url.searchParams,
      response,
    );
  }
  sendJson(response, 200, asTable ? tableOf(target.resource, [object], {}) : object);
}

/** No bytes are a valid, empty protobuf message: without a schema for a kind, `kubectl edit` does not validate it. */
function sendEmptySchema(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "application/com.github.proto-openapi.spec.v2.v1.0+protobuf" });
  response.end();
}

function discovery(path: readonly string[]): object | null {
  const [root, group, version, ...rest] = path;
  if (root === "version") return { major: "1", minor: "30", gitVersion: "v1.30.4", platform: `linux/${release()}` };
  if (root === "api" && group === undefined) return { kind: "APIVersions", versions: ["v1"] };
  if (root === "api" && version === undefined) return resourceList("", group as string);
  if (root !== "apis" || rest.length > 0) return null;
  if (group === undefined) return groupList();
  return version === undefined
    ? { kind: "APIGroup", apiVersion: "v1", ...describeGroup(group) }
    : resourceList(group, version);
}

function findTarget(path: readonly string[]): Target | null {
  const [group, version, ...rest] = path[0] === "api" ? ["", ...path.slice(1)] : path.slice(1);
  const find = (plural: string | undefined): Resource | undefined =>
    RESOURCES.find((one) => one.group === group && one.version === version && one.plural === plural);
  const within = rest[0] === "namespaces" && rest.length > 2 ? find(rest[2]) : undefined;
  const resource = within ?? find(rest[0]);
  if (!resource) return null;
  const [name = null, subresource = null] = within ? rest.slice(3) : rest.slice(1);
  return { resource, namespace: within ? (rest[1] as string) : null, name, subresource };
}

function sendList(
  response: ServerResponse,
  store: Store,
  target: Target,
  query: URLSearchParams,
  asTable: boolean,
): void {
  const { resource, namespace } = target;
  const filters = [
    ...(query.get("labelSelector") ? [labelFilter(query.get("labelSelector") as string)] : []),
    ...(query.get("fieldSelector") ? [fieldFilter(query.get("fieldSelector") as string)] : []),
  ];
  const wanted = (object: KubeObject): boolean => filters.every((filter) => filter(object));
  const objects = store.list(resource, namespace).filter(wanted);
  const metadata = { resourceVersion: store.revision };
  if (query.get("watch") !== "true" && query.get("watch") !== "1") {
    const list = { kind: `${resource.kind}List`, apiVersion: apiVersionOf(resource), metadata, items: objects };
    sendJson(response, 200, asTable ? tableOf(resource, objects, metadata) : list);
    return;
  }
  response.writeHead(200, { "content-type": "application/json" });
  const send = (type: string, object: KubeObject): void => {
    response.write(`${JSON.stringify({ type, object: asTable ? tableOf(resource, [object], {}) : object })}\n`);
  };
  // "Get state and start at any" where no revision is given, "start at exact" where one is (API concepts, watch).
  const since = Number(query.get("resourceVersion") ?? 0);
  for (const object of objects) if (Number(object.metadata.resourceVersion) > since) send("ADDED", object);
  response.flushHeaders();
  const stop = store.onChange(({ type, object }) => {
    const inside = namespace === null || object.metadata.namespace === namespace;
    if (object.kind === resource.kind && inside && wanted(object)) send(type, object);
  });
  response.on("close", stop);
}

async function change(
  request: IncomingMessage,
  response: ServerResponse,
  cluster: Cluster,
  target: Target,
  url: URL,
): Promise<void> {
  const old = existing(cluster.store, target);
  const body = await readBody(request);
  const type = request.headers["content-type"] ?? "";
  const changed = request.method === "PUT" ? (body as KubeObject) : patched(old, body, type);
  const given = changed.metadata?.resourceVersion;
  if (given !== undefined && given !== old.metadata.resourceVersion) {
    throw new ApiFailure(409, "Conflict", `${target.resource.plural} "${target.name}": the object has been modified`);
  }
  const { name, namespace, uid, creationTimestamp, resourceVersion } = old.metadata;
  // The rest of the metadata is the client's; who an object is, is not.
  const identity = Object.fromEntries(
    Object.entries({ name, namespace, uid, creationTimestamp, resourceVersion }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  const object = {
    ...changed,
    kind: old.kind,
    apiVersion: old.apiVersion,
    metadata: { ...changed.metadata, ...identity },
  };
  check(object as KubeObject, old);
  if (url.searchParams.has("dryRun")) return sendJson(response, 200, object);
  const stored = cluster.store.put(object as KubeObject);
  await cluster.settle();
  const asTable = (request.headers.accept ?? "").includes("as=Table");
  sendJson(response, 200, asTable ? tableOf(target.resource, [stored], {}) : stored);
}

/** Kinds that users of a lab make themselves; what its nodes run is planned. */
const MADE_BY_USERS = ["Service", "EndpointSlice", "NetworkPolicy"];

async function create(
  request: IncomingMessage,
  response: ServerResponse,
  cluster: Cluster,
  { resource, namespace, name }: Target,
): Promise<void> {
  const body = (await readBody(request)) as KubeObject;
  const { store, plan } = cluster;
  if (!MADE_BY_USERS.includes(resource.kind) || namespace === null || name !== null) {
    throw new ApiFailure(405, "MethodNotAllowed", `the lab's API does not create ${resource.plural}`);
  }
  const metadata = {
    ...body.metadata,
    namespace,
    uid: uidOf(plan.marker, resource.kind, namespace, String(body.metadata?.name)),
    creationTimestamp: new Date().toISOString().replace(/\.\d+Z$/, "Z"),
  };
  const object: KubeObject = { ...body, kind: resource.kind, apiVersion: apiVersionOf(resource), metadata };
  check(object, null);
  if (store.get(resource, namespace, metadata.name)) {
    throw new ApiFailure(409, "AlreadyExists", `${resource.plural} "${metadata.name}" already exists`);
  }
  const stored = store.put(object);
  await cluster.settle();
  sendJson(response, 201, stored);
}

async function remove(response: ServerResponse, cluster: Cluster, target: Target): Promise<void> {
  const { resource } = target;
  const object = existing(cluster.store, target);
  if (!MADE_BY_USERS.includes(resource.kind)) {
    throw new ApiFailure(405, "MethodNotAllowed", `the lab's API does not delete ${resource.plural}`);
  }
  cluster.store.remove(object);
  await cluster.settle();
  sendJson(response, 200, { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success" });
}

function check(object: KubeObject, old: KubeObject | null): void {
  checkName(object.metadata.name);
  if (object.kind === "Service") checkService(object, old);
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk;
  return parseBody(text);
}

function existing(store: Store, target: Target): KubeObject {
  const object = store.get(target.resource, target.namespace, target.name ?? "");
  if (object) return object;
  throw new ApiFailure(404, "NotFound", `${target.resource.plural} "${target.name}" not found`);
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiFailure(400, "BadRequest", "the body is not JSON");
  }
}

function patched(old: KubeObject, patch: unknown, contentType: string): KubeObject {
  if (!/^application\/(json-patch|merge-patch|strategic-merge-patch)\+json/.test(contentType)) {
    throw new ApiFailure(415, "UnsupportedMediaType", `the lab's API does not take a patch of type ${contentType}`);
  }
  try {
    return applyPatch(old, patch, contentType);
  } catch (error) {
    throw new ApiFailure(422, "Invalid", error instanceof Error ? error.message : String(error));
  }
}
