import type { KubeObject } from "../../objects/kube-object.ts";
import { type Column, columnsOf } from "./columns.ts";

/** One kind of object that the API serves. */
export interface Resource {
  group: string;
  version: string;
  plural: string;
  singular: string;
  kind: string;
  namespaced: boolean;
  shortNames: readonly string[];
}

function resource(
  group: string,
  version: string,
  kind: string,
  plural: string,
  shortNames: string[],
  namespaced = true,
) {
  return { group, version, kind, plural, singular: kind.toLowerCase(), shortNames, namespaced };
}

/** Kinds of which a lab has no objects are here as well: an empty list is an answer, a 404 is none. */
export const RESOURCES: readonly Resource[] = [
  resource("", "v1", "Namespace", "namespaces", ["ns"], false),
  resource("", "v1", "Node", "nodes", ["no"], false),
  resource("", "v1", "Pod", "pods", ["po"]),
  resource("", "v1", "Service", "services", ["svc"]),
  resource("", "v1", "Endpoints", "endpoints", ["ep"]),
  resource("", "v1", "ConfigMap", "configmaps", ["cm"]),
  resource("", "v1", "Event", "events", ["ev"]),
  resource("apps", "v1", "Deployment", "deployments", ["deploy"]),
  resource("apps", "v1", "ReplicaSet", "replicasets", ["rs"]),
  resource("apps", "v1", "DaemonSet", "daemonsets", ["ds"]),
  resource("apps", "v1", "StatefulSet", "statefulsets", ["sts"]),
  resource("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", []),
  resource("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", ["netpol"]),
  resource("networking.k8s.io", "v1", "Ingress", "ingresses", ["ing"]),
  resource(
    "apiextensions.k8s.io",
    "v1",
    "CustomResourceDefinition",
    "customresourcedefinitions",
    ["crd", "crds"],
    false,
  ),
  resource("crd.projectcalico.org", "v1", "IPPool", "ippools", [], false),
];

export function apiVersionOf(resource: Resource): string {
  return resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
}

export function resourceOfKind(kind: string): Resource {
  const found = RESOURCES.find((candidate) => candidate.kind === kind);
  if (!found) throw new TypeError(`no resource for kind ${kind}`);
  return found;
}

/** The server-side rendering that `kubectl get` asks for (meta.k8s.io/v1 Table). */
export function tableOf(resource: Resource, objects: readonly KubeObject[], listMeta: object): object {
  const columns: readonly Column[] = columnsOf(resource.kind);
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata: listMeta,
    columnDefinitions: columns.map((column) => ({
      name: column.name,
      type: "string",
      format: column.name === "Name" ? "name" : "",
      description: "",
      priority: column.wide ? 1 : 0,
    })),
    rows: objects.map((object) => ({
      cells: columns.map((column) => column.of(object)),
      object: { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: object.metadata },
    })),
  };
}

/** What discovery says about the resources of one group and version (meta.k8s.io/v1 APIResourceList). */
export function resourceList(group: string, version: string): object | null {
  const members = RESOURCES.filter((candidate) => candidate.group === group && candidate.version === version);
  if (members.length === 0) return null;
  return {
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion: group === "" ? version : `${group}/${version}`,
    resources: members.flatMap((member) => [
      {
        name: member.plural,
        singularName: member.singular,
        namespaced: member.namespaced,
        kind: member.kind,
        verbs: ["create", "delete", "get", "list", "patch", "update", "watch"],
        shortNames: member.shortNames,
        ...(["pods", "services"].includes(member.plural) ? { categories: ["all"] } : {}),
      },
      ...(member.plural === "pods"
        ? [{ name: "pods/log", singularName: "", namespaced: true, kind: "Pod", verbs: ["get"] }]
        : []),
    ]),
  };
}

export function groupList(): object {
  const groups = [...new Set(RESOURCES.map((candidate) => candidate.group).filter((group) => group !== ""))];
  return { kind: "APIGroupList", apiVersion: "v1", groups: groups.map((group) => describeGroup(group)) };
}

export function describeGroup(group: string): object {
  const version = { groupVersion: `${group}/v1`, version: "v1" };
  return { name: group, versions: [version], preferredVersion: version };
}
