import type { z } from "zod";
import type { LabelSelector, PolicyPeer, PolicyRule, PolicySpec } from "../../facts/cluster.ts";
import { type Prefix, parsePrefix } from "../../facts/ip.ts";
import { type Known, known, unknown } from "../../facts/provenance.ts";
import { PolicySpecShape } from "./object-shapes.ts";

type Shape = z.output<typeof PolicySpecShape>;
type PeerShape = NonNullable<NonNullable<NonNullable<Shape["ingress"]>[number]["from"]>>[number];
type PortShapes = NonNullable<Shape["ingress"]>[number]["ports"];

/** A policy's spec, with the API's defaults (pkg/apis/networking/v1/defaults.go). */
export function policySpec(spec: unknown): Known<PolicySpec> {
  const read = PolicySpecShape.safeParse(spec ?? {});
  if (!read.success) {
    const [issue] = read.error.issues;
    return unknown(`spec.${issue?.path.join(".") ?? ""}: ${issue?.message ?? "malformed"}`);
  }
  const { podSelector, ingress, egress, policyTypes } = read.data;
  const types = policyTypes ?? (egress != null && egress.length > 0 ? ["Ingress", "Egress"] : ["Ingress"]);
  try {
    const inward = (ingress ?? []).map(({ from, ports }) => toRule(from, ports));
    const outward = (egress ?? []).map(({ to, ports }) => toRule(to, ports));
    return known({
      pods: toSelector(podSelector),
      ingress: types.includes("Ingress") ? inward : null,
      egress: types.includes("Egress") ? outward : null,
    });
  } catch (error) {
    if (error instanceof RangeError) return unknown(error.message);
    throw error;
  }
}

/** An empty list of peers, or of ports, restricts as little as an absent one. */
function toRule(peers: readonly PeerShape[] | null | undefined, ports: PortShapes): PolicyRule {
  return {
    peers: peers == null || peers.length === 0 ? null : peers.map(toPeer),
    ports:
      ports == null || ports.length === 0
        ? null
        : ports.map(({ protocol, port, endPort }) => ({
            protocol: protocol ?? "TCP",
            port: port ?? null,
            endPort: endPort ?? null,
          })),
  };
}

function toPeer({ podSelector, namespaceSelector, ipBlock }: PeerShape): PolicyPeer {
  if (ipBlock != null) {
    const except = (ipBlock.except ?? []).map(toPrefix);
    return { is: "block", within: toPrefix(ipBlock.cidr), except };
  }
  // By itself a namespaceSelector means all pods of those namespaces.
  const namespaces = namespaceSelector == null ? null : toSelector(namespaceSelector);
  return { is: "pods", namespaces, pods: toSelector(podSelector) };
}

function toPrefix(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (prefix === null) throw new RangeError(`${text} is no CIDR`);
  return prefix;
}

function toSelector(selector: Shape["podSelector"]): LabelSelector {
  return {
    labels: selector?.matchLabels ?? {},
    expressions: (selector?.matchExpressions ?? []).map(({ key, operator, values }) => ({
      key,
      operator,
      values: values ?? [],
    })),
  };
}
