import type { Plan, PlannedNode } from "../plan.ts";
import { calicoRules } from "./calico-rules.ts";
import { flannelRules } from "./flannel-rules.ts";
import { chain, restoreText } from "./restore-text.ts";

const NEW = "-m conntrack --ctstate NEW";

/**
 * All that stands in a node's tables before the first Service, as `iptables-restore` takes it: the jumps of kube-proxy
 * and kubelet, their fixed chains, and the CNI's rules. The Services' own chains are kube-proxy's (kube-proxy-rules.ts).
 */
export function baseRules(plan: Plan, node: PlannedNode): string {
  const cni = plan.cni === "flannel" ? flannelRules(plan, node) : calicoRules(plan, node);
  const tables = {
    mangle: [":KUBE-IPTABLES-HINT - [0:0]", ":KUBE-KUBELET-CANARY - [0:0]", ":KUBE-PROXY-CANARY - [0:0]"],
    ...cni.tables,
    filter: [
      ...["KUBE-EXTERNAL-SERVICES", "KUBE-FIREWALL", "KUBE-FORWARD", "KUBE-KUBELET-CANARY", "KUBE-NODEPORTS"].map(
        chain,
      ),
      ...["KUBE-PROXY-CANARY", "KUBE-PROXY-FIREWALL", "KUBE-SERVICES", ...cni.filter.chains].map(chain),
      ...cni.filter.input,
      `-A INPUT ${NEW} -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL`,
      '-A INPUT -m comment --comment "kubernetes health check service ports" -j KUBE-NODEPORTS',
      `-A INPUT ${NEW} -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES`,
      "-A INPUT -j KUBE-FIREWALL",
      ...cni.filter.forward,
      `-A FORWARD ${NEW} -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL`,
      '-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD',
      `-A FORWARD ${NEW} -m comment --comment "kubernetes service portals" -j KUBE-SERVICES`,
      `-A FORWARD ${NEW} -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES`,
      ...cni.filter.forwardLast,
      ...cni.filter.output,
      `-A OUTPUT ${NEW} -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL`,
      `-A OUTPUT ${NEW} -m comment --comment "kubernetes service portals" -j KUBE-SERVICES`,
      "-A OUTPUT -j KUBE-FIREWALL",
      // kubelet, pkg/kubelet/kubelet_network_linux.go: CVE-2020-8558, which route_localnet=1 would open.
      '-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP',
      ...cni.filter.rules,
    ],
    nat: [
      ...["KUBE-KUBELET-CANARY", "KUBE-MARK-MASQ", "KUBE-NODEPORTS", "KUBE-POSTROUTING", "KUBE-PROXY-CANARY"].map(
        chain,
      ),
      ...["KUBE-SERVICES", ...cni.nat.chains].map(chain),
      ...cni.nat.prerouting,
      '-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
      ...cni.nat.output,
      '-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
      ...cni.nat.postrouting,
      '-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING',
      ...cni.nat.postroutingLast,
      ...cni.nat.rules,
    ],
  };
  return restoreText(tables);
}
