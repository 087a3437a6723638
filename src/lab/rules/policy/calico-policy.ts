import type { Plan, PlannedNode, PlannedPod } from "../../plan.ts";
import { workloadRules } from "../calico-rules.ts";
import { type AppliedPolicy, type AppliedRule, type Enforcement, shortHash } from "./applied.ts";

/** Felix's marks: accept, pass (here: not passed on), scratch 1. */
const ACCEPT = "0x10000/0x10000";
const SCRATCH = "0x80000";

/** Felix, rules/policy.go and rules/endpoints.go: a chain a policy and direction, and in each workload's chains a jump to those that select it. */
export function calicoEnforcement(plan: Plan, node: PlannedNode, policies: readonly AppliedPolicy[]): Enforcement {
  const sets = new Map<string, readonly string[]>();
  const local = plan.pods.filter((pod) => pod.node === node.name);
  const rules: string[] = [];
  const chains: string[] = [];
  for (const policy of policies) {
    for (const direction of ["ingress", "egress"] as const) {
      const own = policy[direction];
      if (own === null) continue;
      const chain = chainOf(policy, direction);
      chains.push(chain);
      rules.push(...own.flatMap((rule, index) => ruleLines(policy, direction, rule, index, chain, sets)));
    }
  }
  const namesOf = (pod: PlannedPod, direction: "ingress" | "egress"): string[] =>
    policies
      .filter((policy) => policy.pods.includes(pod.address) && policy[direction] !== null)
      .map((policy) => chainOf(policy, direction));
  for (const pod of local) {
    rules.push(...workloadRules(pod, { in: namesOf(pod, "ingress"), out: namesOf(pod, "egress") }));
  }
  const emptied = local.flatMap((pod) => [`cali-fw-${pod.hostLink}`, `cali-tw-${pod.hostLink}`]);
  return { sets, chains, emptied, rules };
}

function chainOf({ name }: AppliedPolicy, direction: "ingress" | "egress"): string {
  return `cali-${direction === "ingress" ? "pi" : "po"}-_${shortHash(name, 16)}`;
}

function ruleLines(
  { name }: AppliedPolicy,
  direction: "ingress" | "egress",
  { peers, ports }: AppliedRule,
  index: number,
  chain: string,
  sets: Map<string, readonly string[]>,
): string[] {
  const [flag, side] = direction === "ingress" ? ["-s", "src"] : ["-d", "dst"];
  const comment = `-m comment --comment "Policy ${name.replace("/", "/knp.default.")} ${direction}"`;
  const accept = (match: string): string[] => [
    ...portMatches(ports).map((port) => `-A ${chain} ${port} ${comment} ${match} -j MARK --set-xmark ${ACCEPT}`),
    `-A ${chain} -m mark --mark ${ACCEPT} -j RETURN`,
  ];
  if (peers === null) return accept("");
  const set = `cali40s:${shortHash(`${name} ${direction} ${index}`, 22)}`;
  if (peers.addresses.length > 0) {
    sets.set(set, [
      `create ${set} hash:net family inet`,
      ...[...new Set(peers.addresses)].map((ip) => `add ${set} ${ip}`),
    ]);
  }
  return [
    ...(peers.addresses.length > 0 ? accept(`-m set --match-set ${set} ${side}`) : []),
    ...peers.blocks.flatMap(({ cidr, except }) => [
      `-A ${chain} -j MARK --set-xmark ${SCRATCH}/${SCRATCH}`,
      ...except.map((hole) => `-A ${chain} ${flag} ${hole} -j MARK --set-xmark 0x0/${SCRATCH}`),
      ...accept(`${flag} ${cidr} -m mark --mark ${SCRATCH}/${SCRATCH}`),
    ]),
  ];
}

function portMatches(ports: AppliedRule["ports"]): string[] {
  if (ports === null) return [""];
  return (["tcp", "udp"] as const).flatMap((protocol) => {
    const own = ports.filter((port) => port.protocol === protocol);
    const list = own.map(({ from, to }) => (from === to ? from : `${from}:${to}`)).join(",");
    return own.length === 0 ? [] : [`-p ${protocol} -m multiport --dports ${list}`];
  });
}
