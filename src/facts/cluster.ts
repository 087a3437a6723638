import type { Ip } from "./ip.ts";

/** The objects of the Kubernetes API that a diagnosis needs, in our own shapes. */
export interface Cluster {
  readonly nodes: readonly KubeNode[];
  readonly pods: readonly Pod[];
  readonly services: readonly Service[];
  readonly endpoints: readonly Endpoint[];
  readonly networkPolicies: readonly NetworkPolicy[];
}

export interface KubeNode {
  readonly name: string;
  readonly internalIps: readonly Ip[];
  readonly podCidrs: readonly string[];
  readonly ready: boolean | null;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface Pod {
  readonly namespace: string;
  readonly name: string;
  readonly node: string | null;
  readonly phase: string;
  readonly ready: boolean;
  readonly hostNetwork: boolean;
  readonly ips: readonly Ip[];
  readonly labels: Readonly<Record<string, string>>;
  readonly containers: readonly {
    readonly name: string;
    readonly ports: readonly { readonly name: string | null; readonly port: number; readonly protocol: string }[];
  }[];
}

export interface ServicePort {
  readonly name: string | null;
  readonly protocol: "TCP" | "UDP" | "SCTP";
  readonly port: number;
  readonly targetPort: number | string;
  readonly nodePort: number | null;
}

export interface Service {
  readonly namespace: string;
  readonly name: string;
  readonly type: string;
  readonly clusterIps: readonly Ip[];
  readonly externalIps: readonly Ip[];
  readonly selector: Readonly<Record<string, string>> | null;
  readonly ports: readonly ServicePort[];
  readonly externalTrafficPolicy: string | null;
  readonly internalTrafficPolicy: string | null;
  readonly publishNotReadyAddresses: boolean;
}

/** One address and port of an EndpointSlice (or of Endpoints where there are no slices). */
export interface Endpoint {
  readonly namespace: string;
  readonly service: string;
  readonly ip: Ip;
  readonly portName: string | null;
  readonly port: number;
  readonly protocol: "TCP" | "UDP" | "SCTP";
  readonly ready: boolean;
  readonly terminating: boolean;
  readonly node: string | null;
  readonly pod: { readonly namespace: string; readonly name: string } | null;
}

/** Verbatim, for the intent check. */
export interface NetworkPolicy {
  readonly namespace: string;
  readonly name: string;
  readonly spec: unknown;
}

export function podKey(pod: { readonly namespace: string; readonly name: string }): string {
  return `${pod.namespace}/${pod.name}`;
}
