import { isIPv4 } from "node:net";
import { type KubeObject, uidOf } from "../../objects/kube-object.ts";
import type { ServicePort } from "../../rules/kube-proxy-rules.ts";
import { resourceOfKind } from "./resources.ts";
import { matchesLabels } from "./select.ts";
import type { Store } from "./store.ts";

interface ObjectPort {
  name?: string;
  protocol?: "TCP" | "UDP";
  port: number;
  targetPort?: number | string;
  nodePort?: number;
}

/** The endpoints controller: one Endpoints object and one EndpointSlice for every Service with a selector. */
export function reconcileEndpoints(store: Store): void {
  for (const service of store.list(resourceOfKind("Service"), null)) {
    if (!hasSelector(service)) continue;
    const pods = selectedPods(store, service);
    store.put(endpointsObject(service, pods));
    store.put(endpointSlice(service, pods));
  }
}

/** What kube-proxy makes its rules from: nothing where a Service has no address of its own. */
export function servicePorts(store: Store): ServicePort[] {
  return store.list(resourceOfKind("Service"), null).flatMap((service) => {
    if (!isIPv4(service.spec.clusterIP ?? "")) return [];
    const pods = hasSelector(service) ? selectedPods(store, service).filter((pod) => isServing(service, pod)) : [];
    const ports = (service.spec.ports ?? []) as ObjectPort[];
    return ports.map((port) => ({
      name: `${service.metadata.namespace}/${service.metadata.name}${port.name ? `:${port.name}` : ""}`,
      protocol: port.protocol ?? "TCP",
      clusterIp: service.spec.clusterIP,
      port: port.port,
      nodePort: port.nodePort ?? null,
      isExternalLocal: service.spec.externalTrafficPolicy === "Local",
      endpoints: pods.flatMap((pod) => {
        const target = targetPort(port, pod);
        return target === null
          ? []
          : [{ address: pod.status.podIP as string, port: target, node: pod.spec.nodeName as string }];
      }),
    }));
  });
}

function hasSelector(service: KubeObject): boolean {
  return Object.keys(service.spec.selector ?? {}).length > 0;
}

function selectedPods(store: Store, service: KubeObject): KubeObject[] {
  return store
    .list(resourceOfKind("Pod"), service.metadata.namespace ?? "default")
    .filter((pod) => matchesLabels(pod.metadata.labels, service.spec.selector));
}

function isReady(pod: KubeObject): boolean {
  return pod.status.conditions.some(
    (one: { type: string; status: string }) => one.type === "Ready" && one.status === "True",
  );
}

function isServing(service: KubeObject, pod: KubeObject): boolean {
  return service.spec.publishNotReadyAddresses === true || isReady(pod);
}

function targetPort(port: ObjectPort, pod: KubeObject): number | null {
  const target = port.targetPort ?? port.port;
  if (typeof target === "number") return target;
  const named = pod.spec.containers
    .flatMap((container: { ports?: { name?: string; containerPort: number }[] }) => container.ports ?? [])
    .find((candidate: { name?: string }) => candidate.name === target);
  return named?.containerPort ?? null;
}

function endpointPorts(service: KubeObject, pod: KubeObject): object[] {
  return (service.spec.ports as ObjectPort[]).flatMap((port) => {
    const target = targetPort(port, pod);
    if (target === null) return [];
    return [
      { ...(port.name === undefined ? {} : { name: port.name }), port: target, protocol: port.protocol ?? "TCP" },
    ];
  });
}

function targetRef(pod: KubeObject): object {
  return { kind: "Pod", name: pod.metadata.name, namespace: pod.metadata.namespace, uid: pod.metadata.uid };
}

function endpointsObject(service: KubeObject, pods: readonly KubeObject[]): KubeObject {
  const [first] = pods;
  const address = (pod: KubeObject): object => ({
    ip: pod.status.podIP,
    nodeName: pod.spec.nodeName,
    targetRef: targetRef(pod),
  });
  const serving = pods.filter((pod) => isServing(service, pod));
  const others = pods.filter((pod) => !isServing(service, pod));
  return {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: owned(service, service.metadata.name, service.metadata.labels ?? {}),
    // Without pods the field is absent, and so is either list without addresses.
    ...(first
      ? {
          subsets: [
            {
              ...(serving.length > 0 ? { addresses: serving.map(address) } : {}),
              ...(others.length > 0 ? { notReadyAddresses: others.map(address) } : {}),
              ports: endpointPorts(service, first),
            },
          ],
        }
      : {}),
  };
}

function endpointSlice(service: KubeObject, pods: readonly KubeObject[]): KubeObject {
  const [first] = pods;
  const name = `${service.metadata.name}-${uidOf("slice", service.metadata.uid ?? "").slice(0, 5)}`;
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: owned(service, name, {
      "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
      "kubernetes.io/service-name": service.metadata.name,
    }),
    addressType: "IPv4",
    endpoints: pods.map((pod) => ({
      addresses: [pod.status.podIP],
      conditions: { ready: isServing(service, pod), serving: isReady(pod), terminating: false },
      nodeName: pod.spec.nodeName,
      targetRef: targetRef(pod),
    })),
    ports: first ? endpointPorts(service, first) : null,
  };
}

function owned(service: KubeObject, name: string, labels: Record<string, string>): KubeObject["metadata"] {
  return {
    name,
    namespace: service.metadata.namespace ?? "default",
    uid: uidOf("endpoints", service.metadata.uid ?? "", name),
    creationTimestamp: service.metadata.creationTimestamp ?? "",
    labels,
  };
}
