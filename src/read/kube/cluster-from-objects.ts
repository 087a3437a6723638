import type { z } from "zod";
import type { Cluster, Endpoint, KubeNode, Pod, Service, ServicePort } from "../../facts/cluster.ts";
import type { Ip } from "../../facts/ip.ts";
import { parseIp } from "../../facts/ip.ts";
import { type Phrase, phrase } from "../../facts/phrase.ts";
import type { NotChecked } from "../../facts/world.ts";
import type { ClusterReading } from "./kube-reader.ts";
import { type Known, known, unknown } from "../../facts/provenance.ts";
import { policySpec } from "./network-policy.ts";
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

export type Kind = "namespaces" | "nodes" | "pods" | "services" | "endpointslices" | "endpoints" | "networkpolicies";

/** A list of objects as the API or `kubectl get KIND -A -o json` gives it; null when it could not be had. */
export type KubeObjects = Readonly<Record<Kind, unknown>>;

/** Kubernetes' objects in our own shapes. An object that does not look like its kind is left out, and told. */
export function clusterFromObjects(objects: KubeObjects): ClusterReading {
  const notChecked: NotChecked[] = [];
  const read = <S extends z.ZodType, T>(kind: Kind, shape: S, convert: (object: z.output<S>) => T): T[] =>
    readList(kind, objects[kind], shape, notChecked).map(convert);
  const ifRead = <T>(kind: Kind, convert: () => T[]): Known<readonly T[]> =>
    objects[kind] === null || objects[kind] === undefined ? unknown(phrase("not-read")) : known(convert());
  const endpoints =
    objects.endpointslices === null
      ? read("endpoints", EndpointsShape, fromEndpoints)
      : read("endpointslices", EndpointSliceShape, fromSlice);
  const cluster: Cluster = {
    nodes: read("nodes", NodeShape, toNode),
    pods: read("pods", PodShape, toPod),
    services: read("services", ServiceShape, toService),
    endpoints: endpoints.flat(),
    endpointsKnown: isList(objects.endpointslices) || isList(objects.endpoints),
    namespaces: ifRead("namespaces", () =>
      read("namespaces", NamespaceShape, ({ metadata }) => ({ name: metadata.name, labels: metadata.labels ?? {} })),
    ),
    networkPolicies: ifRead("networkpolicies", () =>
      read("networkpolicies", NetworkPolicyShape, ({ metadata, spec }) => ({
        namespace: metadata.namespace ?? "default",
        name: metadata.name,
        spec: policySpec(spec),
      })),
    ),
  };
  return { cluster, notChecked };
}

function isList(list: unknown): boolean {
  return list !== null && ListShape.safeParse(list).success;
}

function readList<S extends z.ZodType>(kind: Kind, list: unknown, shape: S, notChecked: NotChecked[]): z.output<S>[] {
  if (list === null) return [];
  const items = ListShape.safeParse(list);
  if (!items.success) {
    notChecked.push({ what: kind, why: phrase("not-kubernetes-list") });
    return [];
  }
  const good: z.output<S>[] = [];
  let bad = 0;
  let why: Phrase | null = null;
  for (const item of items.data.items ?? []) {
    const result = shape.safeParse(item);
    if (result.success) good.push(result.data);
    else {
      bad += 1;
      const [issue] = result.error.issues;
      why ??= issue === undefined ? phrase("malformed") : `${issue.path.join(".")}: ${issue.message}`;
    }
  }
  if (bad > 0) notChecked.push({ what: phrase("some-objects", { count: bad, kind }), why: why ?? phrase("malformed") });
  return good;
}

function toNode({ metadata, spec, status }: z.output<typeof NodeShape>): KubeNode {
  const ready = status?.conditions?.find((condition) => condition.type === "Ready")?.status;
  return {
    name: metadata.name,
    internalIps: ipsOf(
      (status?.addresses ?? []).filter(({ type }) => type === "InternalIP").map(({ address }) => address),
    ),
    podCidrs: spec?.podCIDRs ?? (spec?.podCIDR ? [spec.podCIDR] : []),
    // Unknown: its kubelet has not been heard of for too long. kubectl says NotReady of that too (pkg/printers, printNode).
    ready: ready === undefined ? null : ready === "True",
    annotations: metadata.annotations ?? {},
  };
}

function toPod({ metadata, spec, status }: z.output<typeof PodShape>): Pod {
  const sidecars = (spec.initContainers ?? []).filter((container) => container.restartPolicy === "Always");
  return {
    namespace: metadata.namespace ?? "default",
    name: metadata.name,
    node: spec.nodeName || null,
    phase: status?.phase ?? "Unknown",
    ready: status?.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True") ?? false,
    hostNetwork: spec.hostNetwork ?? false,
    ips: ipsOf([status?.podIP, ...(status?.podIPs ?? []).map(({ ip }) => ip)]),
    labels: metadata.labels ?? {},
    containers: [...(spec.containers ?? []), ...sidecars].map(({ name, ports }) => ({
      name,
      ports: (ports ?? []).map((port) => ({
        name: port.name ?? null,
        port: port.containerPort,
        protocol: port.protocol ?? "TCP",
      })),
    })),
  };
}

function toService({ metadata, spec, status }: z.output<typeof ServiceShape>): Service {
  const selector = spec.selector ?? {};
  return {
    namespace: metadata.namespace ?? "default",
    name: metadata.name,
    type: spec.type ?? "ClusterIP",
    clusterIps: ipsOf([spec.clusterIP, ...(spec.clusterIPs ?? [])]),
    externalIps: ipsOf([...(spec.externalIPs ?? []), ...(status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip)]),
    selector: Object.keys(selector).length > 0 ? selector : null,
    ports: (spec.ports ?? []).map(
      (port): ServicePort => ({
        name: port.name || null,
        protocol: protocolOf(port.protocol),
        port: port.port,
        targetPort: port.targetPort ?? port.port,
        nodePort: port.nodePort || null,
      }),
    ),
    externalTrafficPolicy: spec.externalTrafficPolicy || null,
    internalTrafficPolicy: spec.internalTrafficPolicy || null,
    publishNotReadyAddresses: spec.publishNotReadyAddresses ?? false,
  };
}

/** A slice without a Service's label belongs to somebody else; one of type FQDN has no addresses. */
function fromSlice({ metadata, ports, endpoints }: z.output<typeof EndpointSliceShape>): Endpoint[] {
  const service = metadata.labels?.["kubernetes.io/service-name"];
  if (service === undefined) return [];
  const namespace = metadata.namespace ?? "default";
  return (endpoints ?? []).flatMap((endpoint) =>
    ipsOf(endpoint.addresses).flatMap((ip) =>
      (ports ?? []).flatMap((port): Endpoint[] => {
        if (port.port === null || port.port === undefined) return [];
        return [
          {
            namespace,
            service,
            ip,
            portName: port.name || null,
            port: port.port,
            protocol: protocolOf(port.protocol),
            // discovery.k8s.io/v1: unknown is to be taken for ready, and an unknown `serving` for what `ready` is.
            ready: endpoint.conditions?.ready ?? true,
            serving: endpoint.conditions?.serving ?? endpoint.conditions?.ready ?? true,
            terminating: endpoint.conditions?.terminating ?? false,
            node: endpoint.nodeName || null,
            pod: podOf(endpoint.targetRef, namespace),
          },
        ];
      }),
    ),
  );
}

function fromEndpoints({ metadata, subsets }: z.output<typeof EndpointsShape>): Endpoint[] {
  const namespace = metadata.namespace ?? "default";
  return (subsets ?? []).flatMap(({ addresses, notReadyAddresses, ports }) => {
    const all = [
      ...(addresses ?? []).map((address) => ({ address, ready: true })),
      ...(notReadyAddresses ?? []).map((address) => ({ address, ready: false })),
    ];
    return all.flatMap(({ address, ready }) =>
      ipsOf([address.ip]).flatMap((ip) =>
        (ports ?? []).flatMap((port): Endpoint[] => {
          if (port.port === null || port.port === undefined) return [];
          return [
            {
              namespace,
              service: metadata.name,
              ip,
              portName: port.name || null,
              port: port.port,
              protocol: protocolOf(port.protocol),
              ready,
              serving: ready,
              terminating: false,
              node: address.nodeName || null,
              pod: podOf(address.targetRef, namespace),
            },
          ];
        }),
      ),
    );
  });
}

function podOf(
  reference:
    | { kind?: string | null | undefined; namespace?: string | null | undefined; name?: string | null | undefined }
    | null
    | undefined,
  namespace: string,
): Endpoint["pod"] {
  if (reference?.kind !== "Pod" || !reference.name) return null;
  return { namespace: reference.namespace ?? namespace, name: reference.name };
}

/** `None`, empty and malformed ones are none; each address once. */
function ipsOf(texts: readonly (string | null | undefined)[]): Ip[] {
  const ips = new Map<string, Ip>();
  for (const text of texts) {
    const ip = text ? parseIp(text) : null;
    if (ip !== null) ips.set(ip.text, ip);
  }
  return [...ips.values()];
}

function protocolOf(text: string | null | undefined): "TCP" | "UDP" | "SCTP" {
  return text === "UDP" || text === "SCTP" ? text : "TCP";
}
