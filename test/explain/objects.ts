import type { Cluster, Endpoint, KubeNode, Pod, Service, ServicePort } from "../../src/facts/cluster.ts";
import { ip } from "../../src/facts/ip.ts";
import { known } from "../../src/facts/provenance.ts";

/** Hand-made objects: what a test does not speak of is as usual. */

export function clusterOf(parts: Partial<Cluster>): Cluster {
  const none = { namespaces: known([]), networkPolicies: known([]) };
  return { nodes: [], pods: [], services: [], endpoints: [], endpointsKnown: true, ...none, ...parts };
}

export function node(name: string, address: string, podCidr = "10.42.0.0/24"): KubeNode {
  return { name, internalIps: [ip(address)], podCidrs: [podCidr], ready: true, annotations: {} };
}

export function pod(name: string, address: string | null, parts: Partial<Pod> = {}): Pod {
  return {
    namespace: "default",
    name,
    node: "k1",
    phase: "Running",
    ready: true,
    hostNetwork: false,
    ips: address === null ? [] : [ip(address)],
    labels: {},
    containers: [],
    ...parts,
  };
}

export function ports(
  ...of: readonly (readonly [name: string | null, port: number, protocol?: string])[]
): Pod["containers"] {
  return [{ name: "server", ports: of.map(([name, port, protocol = "TCP"]) => ({ name, port, protocol })) }];
}

export function port(number: number, parts: Partial<ServicePort> = {}): ServicePort {
  return { name: null, protocol: "TCP", port: number, targetPort: number, nodePort: null, ...parts };
}

export function service(name: string, address: string | null, parts: Partial<Service> = {}): Service {
  return {
    namespace: "default",
    name,
    type: "ClusterIP",
    clusterIps: address === null ? [] : [ip(address)],
    externalIps: [],
    selector: { app: name },
    ports: [port(80)],
    externalTrafficPolicy: null,
    internalTrafficPolicy: null,
    publishNotReadyAddresses: false,
    ...parts,
  };
}

export function endpoint(of: string, address: string, parts: Partial<Endpoint> = {}): Endpoint {
  return {
    namespace: "default",
    service: of,
    ip: ip(address),
    portName: null,
    port: 8080,
    protocol: "TCP",
    ready: true,
    serving: parts.ready ?? true,
    terminating: false,
    node: "k1",
    pod: null,
    ...parts,
  };
}
