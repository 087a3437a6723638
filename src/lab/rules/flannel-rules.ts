import type { Plan, PlannedNode } from "../plan.ts";
import type { CniRules } from "./restore-text.ts";

/** flannel, pkg/ip/iptables.go: MasqRules and ForwardRules. They stand after kube-proxy's jumps. */
export function flannelRules(plan: Plan, node: PlannedNode): CniRules {
  const cluster = plan.clusterCidr;
  return {
    tables: {},
    filter: {
      chains: [],
      input: [],
      forward: [],
      forwardLast: [`-A FORWARD -s ${cluster} -j ACCEPT`, `-A FORWARD -d ${cluster} -j ACCEPT`],
      output: [],
      rules: [],
    },
    nat: {
      chains: [],
      prerouting: [],
      output: [],
      postrouting: [],
      postroutingLast: [
        `-A POSTROUTING -s ${cluster} -d ${cluster} -j RETURN`,
        `-A POSTROUTING -s ${cluster} ! -d 224.0.0.0/4 -j MASQUERADE --random-fully`,
        `-A POSTROUTING ! -s ${cluster} -d ${node.podCidr} -j RETURN`,
        `-A POSTROUTING ! -s ${cluster} -d ${cluster} -j MASQUERADE --random-fully`,
      ],
      rules: [],
    },
  };
}
