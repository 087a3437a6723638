import type { Ip, Prefix } from "./ip.ts";
import type { Known } from "./provenance.ts";

/** The objects of the Kubernetes API that a diagnosis needs, in our own shapes. */
export interface Cluster {
  readonly nodes: readonly KubeNode[];
  readonly pods: readonly Pod[];
  readonly services: readonly Service[];
  readonly endpoints: readonly Endpoint[];
  /** False where neither EndpointSlices nor Endpoints could be listed: that there are none is not known then. */
  readonly endpointsKnown: boolean;
  readonly namespaces: Known<readonly Namespace[]>;
  readonly networkPolicies: Known<readonly NetworkPolicy[]>;
}

export interface Namespace {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
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
  /** Ready but for that it may be terminating. */
  readonly serving: boolean;
  readonly terminating: boolean;
  readonly node: string | null;
  readonly pod: { readonly namespace: string; readonly name: string } | null;
}

/** networking.k8s.io/v1. A spec that is not understood is unknown, not empty: it may deny what others allow. */
export interface NetworkPolicy {
  readonly namespace: string;
  readonly name: string;
  readonly spec: Known<PolicySpec>;
}

export interface PolicySpec {
  readonly pods: LabelSelector;
  /** What may come in; null: the policy says nothing of that direction. An empty list lets nobody in. */
  readonly ingress: readonly PolicyRule[] | null;
  readonly egress: readonly PolicyRule[] | null;
}

export interface PolicyRule {
  /** Null: everybody. */
  readonly peers: readonly PolicyPeer[] | null;
  /** Null: every port of every protocol. */
  readonly ports: readonly PolicyPort[] | null;
}

export type PolicyPeer =
  /** `namespaces` null: the policy's own. */
  | { readonly is: "pods"; readonly namespaces: LabelSelector | null; readonly pods: LabelSelector }
  | { readonly is: "block"; readonly within: Prefix; readonly except: readonly Prefix[] };

export interface PolicyPort {
  readonly protocol: string;
  /** A name is one of the destination's own; null: every port of that protocol. */
  readonly port: number | string | null;
  readonly endPort: number | null;
}

export interface LabelSelector {
  readonly labels: Readonly<Record<string, string>>;
  readonly expressions: readonly {
    readonly key: string;
    readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
    readonly values: readonly string[];
  }[];
}

export function podKey(pod: { readonly namespace: string; readonly name: string }): string {
  return `${pod.namespace}/${pod.name}`;
}
