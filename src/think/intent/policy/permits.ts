import {
  type Cluster,
  type NetworkPolicy,
  type Pod,
  podKey,
  type PolicyPeer,
  type PolicyPort,
  type PolicyRule,
} from "../../../facts/cluster.ts";
import { contains } from "../../../facts/ip.ts";
import { every, type Maybe, some } from "../../../facts/maybe.ts";
import { type Phrase, phrase } from "../../../facts/phrase.ts";
import { keysOf, selects } from "./labels.ts";
import type { Party } from "./party.ts";

/** A request, between whom, and the port that it is for after translation. */
export interface PolicyFlow {
  readonly source: Party;
  readonly destination: Party;
  readonly protocol: "tcp" | "udp" | "icmp";
  readonly port: number;
}

/** What the declared policies mean for a flow. */
export interface Permission {
  readonly allowed: Maybe;
  /** `NAMESPACE/NAME` of those that isolate a pod on this way and do not let it pass. */
  readonly by: readonly string[];
  readonly direction: "ingress" | "egress";
}

type Direction = Permission["direction"];

/** Both ends have to let it pass; what answers it needs no rule. The first denial is told, else the first doubt. */
export function permits(cluster: Cluster, flow: PolicyFlow): Permission {
  const sides = [permitsAt(cluster, flow, "egress"), permitsAt(cluster, flow, "ingress")] as const;
  return sides.find((s) => s.allowed === false) ?? sides.find((s) => s.allowed !== true) ?? sides[1];
}

function permitsAt(cluster: Cluster, flow: PolicyFlow, direction: Direction): Permission {
  const [own, peer] = direction === "egress" ? [flow.source, flow.destination] : [flow.destination, flow.source];
  const free: Permission = { allowed: true, by: [], direction };
  const { pod } = own;
  if (own.isStrange) return { ...free, allowed: anyPolicy(cluster) ? { unknown: strangeness(own) } : true };
  if (pod === null || pod.hostNetwork) return free;
  // A pod cannot be kept from itself, nor its own node from it: the API exempts the node from ingress alone.
  if (peer.pod !== null && podKey(peer.pod) === podKey(pod)) return free;
  const isOwnNode = peer.node !== null && peer.node === pod.node;
  if (isOwnNode && direction === "ingress") return free;
  const { networkPolicies } = cluster;
  if (!networkPolicies.known) return { ...free, allowed: { unknown: networkPolicies.why } };
  const ofNamespace = networkPolicies.value.filter((policy) => policy.namespace === pod.namespace);
  const unread = ofNamespace.find(({ spec }) => !spec.known);
  const isolating = ofNamespace.filter(
    ({ spec }) => spec.known && spec.value[direction] !== null && selects(spec.value.pods, pod.labels),
  );
  const allowed = some(isolating, (policy) =>
    some(rulesOf(policy, direction), (rule) => fits(cluster, policy, rule, peer, flow)),
  );
  const by = isolating.map(podKey);
  if (unread !== undefined && (isolating.length === 0 || allowed !== true)) {
    const why = unread.spec.known ? "" : unread.spec.why;
    // One more may isolate it, or let pass what the others do not.
    return {
      allowed: { unknown: phrase("policy-not-understood", { policy: podKey(unread), why }) },
      by: [...by, podKey(unread)],
      direction,
    };
  }
  if (isolating.length === 0) return free;
  if (allowed === false && flow.protocol === "icmp") {
    return { allowed: { unknown: phrase("policy-icmp") }, by, direction };
  }
  if (allowed === false && isOwnNode) return { allowed: { unknown: phrase("policy-own-node") }, by, direction };
  return { allowed, by: allowed === true ? [] : by, direction };
}

function anyPolicy({ networkPolicies }: Cluster): boolean {
  return !networkPolicies.known || networkPolicies.value.length > 0;
}

function strangeness({ ips: [ip] }: Party): Phrase {
  return phrase("policy-stranger", { address: ip?.text ?? "" });
}

function rulesOf({ spec }: NetworkPolicy, direction: Direction): readonly PolicyRule[] {
  return spec.known ? (spec.value[direction] ?? []) : [];
}

function fits(
  cluster: Cluster,
  policy: NetworkPolicy,
  { peers, ports }: PolicyRule,
  peer: Party,
  flow: PolicyFlow,
): Maybe {
  return every(
    ports === null || ports.some((port) => isPort(port, flow)),
    peers === null || some(peers, (one) => isPeer(cluster, policy, one, peer)),
  );
}

function isPort({ protocol, port, endPort }: PolicyPort, flow: PolicyFlow): boolean {
  if (protocol.toLowerCase() !== flow.protocol) return false;
  if (port === null) return true;
  if (typeof port === "number")
    return endPort === null ? port === flow.port : port <= flow.port && flow.port <= endPort;
  return (flow.destination.pod?.containers ?? []).some((c) =>
    c.ports.some((own) => own.name === port && own.protocol === protocol && own.port === flow.port),
  );
}

function isPeer(cluster: Cluster, policy: NetworkPolicy, peer: PolicyPeer, party: Party): Maybe {
  if (peer.is === "block") {
    const inside = party.ips.map((ip) => contains(peer.within, ip) && !peer.except.some((hole) => contains(hole, ip)));
    if (inside.every((one) => one === inside[0])) return inside[0] ?? false;
    return { unknown: phrase("policy-block-unclear", { addresses: party.ips.map((ip) => ip.text) }) };
  }
  if (party.isStrange) return { unknown: strangeness(party) };
  const { pod } = party;
  if (pod === null || pod.hostNetwork) return false;
  return every(selects(peer.pods, pod.labels), isOfNamespace(cluster, policy, peer.namespaces, pod));
}

/** Set by the API on every namespace since Kubernetes 1.21. */
const NAME_LABEL = "kubernetes.io/metadata.name";

function isOfNamespace(
  { namespaces }: Cluster,
  policy: NetworkPolicy,
  wanted: Extract<PolicyPeer, { is: "pods" }>["namespaces"],
  { namespace }: Pod,
): Maybe {
  if (wanted === null) return policy.namespace === namespace;
  const found = namespaces.known ? namespaces.value.find(({ name }) => name === namespace) : undefined;
  if (found !== undefined) return selects(wanted, found.labels);
  if (keysOf(wanted).every((key) => key === NAME_LABEL)) return selects(wanted, { [NAME_LABEL]: namespace });
  return { unknown: phrase("namespace-labels-unknown", { namespace }) };
}
