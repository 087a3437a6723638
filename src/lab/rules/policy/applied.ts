import { createHash } from "node:crypto";
import type { KubeObject } from "../../objects/kube-object.ts";

/** A NetworkPolicy as it is to be enforced: selectors have become addresses, names of ports numbers. */
export interface AppliedPolicy {
  /** NAMESPACE/NAME */
  name: string;
  /** Addresses of the pods that it selects. */
  pods: readonly string[];
  /** Null: it says nothing of that direction. */
  ingress: readonly AppliedRule[] | null;
  egress: readonly AppliedRule[] | null;
}

export interface AppliedRule {
  /** Null: everybody. */
  peers: { addresses: readonly string[]; blocks: readonly Block[] } | null;
  /** Null: every port of every protocol. `to` equals `from` for a single one. */
  ports: readonly { protocol: "tcp" | "udp"; from: number; to: number }[] | null;
}

interface Block {
  cidr: string;
  except: readonly string[];
}

interface LabelSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

interface Peer {
  podSelector?: LabelSelector;
  namespaceSelector?: LabelSelector;
  ipBlock?: { cidr: string; except?: string[] };
}

interface Port {
  protocol?: string;
  port?: number | string;
  endPort?: number;
}

/** Every policy with the pods and namespaces as they are. */
export function appliedPolicies(
  policies: readonly KubeObject[],
  pods: readonly KubeObject[],
  namespaces: readonly KubeObject[],
): AppliedPolicy[] {
  return policies.map(({ metadata, spec }) => {
    const own = pods.filter(
      (pod) => pod.metadata.namespace === metadata.namespace && fits(spec.podSelector, pod.metadata.labels),
    );
    const labelsOf = (name: string | undefined) =>
      namespaces.find((one) => one.metadata.name === name)?.metadata.labels;
    const select = ({ podSelector, namespaceSelector }: Peer): KubeObject[] =>
      pods.filter(
        ({ metadata: of }) =>
          (namespaceSelector === undefined
            ? of.namespace === metadata.namespace
            : fits(namespaceSelector, labelsOf(of.namespace))) && fits(podSelector, of.labels),
      );
    const rule = (
      peers: Peer[] | undefined,
      ports: Port[] | undefined,
      servers: readonly KubeObject[],
    ): AppliedRule => ({
      peers: !peers?.length
        ? null
        : {
            addresses: peers
              .filter((peer) => !peer.ipBlock)
              .flatMap(select)
              .map(addressOf),
            blocks: peers.flatMap(({ ipBlock }) =>
              ipBlock ? [{ cidr: ipBlock.cidr, except: ipBlock.except ?? [] }] : [],
            ),
          },
      ports: !ports?.length ? null : ports.flatMap((port) => portsOf(port, servers)),
    });
    const types: string[] = spec.policyTypes ?? ["Ingress", ...(spec.egress?.length ? ["Egress"] : [])];
    const inward = (spec.ingress ?? []).map((one: { from?: Peer[]; ports?: Port[] }) => rule(one.from, one.ports, own));
    const outward = (spec.egress ?? []).map((one: { to?: Peer[]; ports?: Port[] }) =>
      rule(one.to, one.ports, one.to?.length ? one.to.flatMap(select) : pods),
    );
    return {
      name: `${metadata.namespace}/${metadata.name}`,
      pods: own.map(addressOf),
      ingress: types.includes("Ingress") ? inward : null,
      egress: types.includes("Egress") ? outward : null,
    };
  });
}

function addressOf(pod: KubeObject): string {
  return pod.status.podIP;
}

/** A name stands for the port that each of the servers has by that name. */
function portsOf({ protocol = "TCP", port, endPort }: Port, servers: readonly KubeObject[]) {
  const of = protocol.toLowerCase() as "tcp" | "udp";
  if (port === undefined) return [{ protocol: of, from: 1, to: 65_535 }];
  if (typeof port === "number") return [{ protocol: of, from: port, to: endPort ?? port }];
  const numbers = servers.flatMap((pod) =>
    pod.spec.containers.flatMap(({ ports = [] }: { ports?: { name?: string; containerPort: number }[] }) =>
      ports.filter((one) => one.name === port).map((one) => one.containerPort),
    ),
  ) as number[];
  return [...new Set(numbers)].map((number) => ({ protocol: of, from: number, to: number }));
}

function fits(selector: LabelSelector | undefined, labels: Record<string, string> = {}): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector ?? {};
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = labels[key];
      if (operator === "Exists") return value !== undefined;
      if (operator === "DoesNotExist") return value === undefined;
      const isListed = value !== undefined && values.includes(value);
      return operator === "In" ? isListed : !isListed;
    })
  );
}

/** Letters and digits that name the same thing alike at every sync. */
export function shortHash(text: string, length: number): string {
  return createHash("sha256").update(text).digest("base64url").replaceAll(/[-_]/g, "x").slice(0, length);
}

/** What one sync makes of a node's filter table and sets. */
export interface Enforcement {
  /** Lines of `ipset restore` for each set. */
  sets: ReadonlyMap<string, readonly string[]>;
  /** Chains that exist for policies alone. */
  chains: readonly string[];
  /** Rules of those, and of chains that are always there and are written anew. */
  emptied: readonly string[];
  rules: readonly string[];
}
