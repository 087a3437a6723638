import type { Plan, PlannedNode, PlannedPod } from "../../plan.ts";
import { type AppliedPolicy, type AppliedRule, type Enforcement, shortHash } from "./applied.ts";

const MATCHED = "0x10000/0x10000";
const COMPLIES = "0x20000/0x20000";
const HOOKS = { INPUT: "KUBE-ROUTER-INPUT", FORWARD: "KUBE-ROUTER-FORWARD", OUTPUT: "KUBE-ROUTER-OUTPUT" };

/** The jumps at the head of the hooks, while there is a policy. */
export function kubeRouterJumps(): string[] {
  return Object.entries(HOOKS).map(([hook, chain]) => `${hook} -m comment --comment "kube-router netpol" -j ${chain}`);
}

/**
 * kube-router's network policy controller, as k3s runs it beside flannel (pkg/controllers/netpol): a firewall chain a pod, which
 * asks the chains of all policies that select it, and rejects what none of them has marked.
 */
export function kubeRouterEnforcement(plan: Plan, node: PlannedNode, policies: readonly AppliedPolicy[]): Enforcement {
  const sets = new Map<string, readonly string[]>();
  if (policies.length === 0) return { sets, chains: [], emptied: [], rules: [] };
  const local = plan.pods.filter((pod) => pod.node === node.name);
  const chains = [
    ...Object.values(HOOKS),
    "KUBE-NWPLCY-DEFAULT",
    ...policies.map(policyChain),
    ...local.map(firewallChain),
  ];
  const rules = [
    ...policies.flatMap((policy) => policyRules(policy, sets)),
    `-A KUBE-NWPLCY-DEFAULT -m comment --comment "rule to mark traffic matching a network policy" -j MARK --set-xmark ${MATCHED}`,
    ...local.flatMap((pod) => [...jumps(pod), ...firewall(pod, policies)]),
    ...Object.values(HOOKS).map(
      (chain) =>
        `-A ${chain} -m comment --comment "rule to explicitly ACCEPT traffic that comply to network policies" -m mark --mark ${COMPLIES} -j ACCEPT`,
    ),
  ];
  return { sets, chains, emptied: [], rules };
}

function policyChain({ name }: AppliedPolicy): string {
  return `KUBE-NWPLCY-${shortHash(name, 16).toUpperCase()}`;
}

function firewallChain({ namespace, name }: PlannedPod): string {
  return `KUBE-POD-FW-${shortHash(`${namespace}/${name}`, 16).toUpperCase()}`;
}

function policyRules(policy: AppliedPolicy, sets: Map<string, readonly string[]>): string[] {
  const chain = policyChain(policy);
  const setOf = (kind: "SRC" | "DST", what: string, entries: readonly string[]): string => {
    const set = `KUBE-${kind}-${shortHash(`${policy.name} ${what}`, 16).toUpperCase()}`;
    sets.set(set, [
      `create ${set} hash:net family inet`,
      ...[...new Set(entries)].map((entry) => `add ${set} ${entry}`),
    ]);
    return set;
  };
  const linesOf = (direction: "ingress" | "egress"): string[] =>
    (policy[direction] ?? []).flatMap(({ peers, ports }, index) => {
      const [own, other] = direction === "ingress" ? (["dst", "src"] as const) : (["src", "dst"] as const);
      const pods = setOf(own === "dst" ? "DST" : "SRC", direction, policy.pods);
      const matches = [`-m set --match-set ${pods} ${own}`];
      if (peers !== null) {
        const blocks = peers.blocks.flatMap(({ cidr, except }) => [cidr, ...except.map((hole) => `${hole} nomatch`)]);
        const set = setOf(other === "src" ? "SRC" : "DST", `${direction} ${index}`, [...peers.addresses, ...blocks]);
        matches.push(`-m set --match-set ${set} ${other}`);
      }
      return portMatches(ports).flatMap((port) => {
        const match = `-A ${chain} ${port} ${matches.join(" ")} -m comment --comment "rule to ACCEPT traffic, policy ${policy.name}"`;
        return [`${match} -j MARK --set-xmark ${MATCHED}`, `${match} -m mark --mark ${MATCHED} -j RETURN`];
      });
    });
  return [...linesOf("ingress"), ...linesOf("egress")];
}

function portMatches(ports: AppliedRule["ports"]): string[] {
  if (ports === null) return [""];
  return ports.map(
    ({ protocol, from, to }) => `-p ${protocol} -m ${protocol} --dport ${from === to ? from : `${from}:${to}`}`,
  );
}

function jumps(pod: PlannedPod): string[] {
  const chain = firewallChain(pod);
  const to = `-m comment --comment "rule to jump traffic destined to POD name:${pod.name} namespace: ${pod.namespace} to chain ${chain}" -j ${chain}`;
  const from = `-m comment --comment "rule to jump traffic from POD name:${pod.name} namespace: ${pod.namespace} to chain ${chain}" -j ${chain}`;
  return [
    `-A ${HOOKS.FORWARD} -d ${pod.address}/32 ${to}`,
    `-A ${HOOKS.OUTPUT} -d ${pod.address}/32 ${to}`,
    `-A ${HOOKS.FORWARD} -d ${pod.address}/32 -m physdev --physdev-is-bridged ${to}`,
    `-A ${HOOKS.INPUT} -s ${pod.address}/32 ${from}`,
    `-A ${HOOKS.FORWARD} -s ${pod.address}/32 ${from}`,
    `-A ${HOOKS.FORWARD} -s ${pod.address}/32 -m physdev --physdev-is-bridged ${from}`,
  ];
}

function firewall(pod: PlannedPod, policies: readonly AppliedPolicy[]): string[] {
  const chain = firewallChain(pod);
  const isOf = (policy: AppliedPolicy): boolean => policy.pods.includes(pod.address);
  const isolated = (direction: "ingress" | "egress") => policies.some((one) => isOf(one) && one[direction] !== null);
  const byDefault = (flag: "-d" | "-s", words: string) =>
    `-A ${chain} ${flag} ${pod.address}/32 -m comment --comment "run through default ${words} network policy chain" -j KUBE-NWPLCY-DEFAULT`;
  return [
    `-A ${chain} -m comment --comment "rule for stateful firewall for pod" -m conntrack --ctstate INVALID -j DROP`,
    `-A ${chain} -m comment --comment "rule for stateful firewall for pod" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
    `-A ${chain} -d ${pod.address}/32 -m comment --comment "rule to permit the traffic to pods when source is the pod's local node" -m addrtype --src-type LOCAL -j ACCEPT`,
    ...policies
      .filter(isOf)
      .map(
        (policy) => `-A ${chain} -m comment --comment "run through nw policy ${policy.name}" -j ${policyChain(policy)}`,
      ),
    ...(isolated("ingress") ? [] : [byDefault("-d", "ingress")]),
    ...(isolated("egress") ? [] : [byDefault("-s", "egress")]),
    `-A ${chain} -m comment --comment "rule to log dropped traffic" -m mark ! --mark ${MATCHED} -m limit --limit 10/min --limit-burst 10 -j NFLOG --nflog-group 100`,
    `-A ${chain} -m comment --comment "rule to REJECT traffic destined for POD name:${pod.name} namespace: ${pod.namespace}" -m mark ! --mark ${MATCHED} -j REJECT --reject-with icmp-port-unreachable`,
    `-A ${chain} -j MARK --set-xmark 0x0/0x10000`,
    `-A ${chain} -m comment --comment "set mark to ACCEPT traffic that comply to network policies" -j MARK --set-xmark ${COMPLIES}`,
  ];
}
