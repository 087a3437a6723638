import { runIn, sysctlOfLink, writeSysctls } from "../netns.ts";
import type { Plan, PlannedNode } from "../plan.ts";
import { defineFault } from "./fault-type.ts";
import { backendNode, servesUrls, servingPod } from "./serving-nodes.ts";

/** The pod's gateway is nobody's address: only the node can answer for it. It is asked for anew when the entry has expired. */
export const proxyArpOff = defineFault({
  id: "proxy-arp-off",
  summary: {
    en: "the node does not answer for the serving pod's gateway, 169.254.1.1 (proxy_arp)",
    zh: "节点不再替提供服务的 Pod 的网关 169.254.1.1 应答 ARP（proxy_arp）",
  },
  needsNode: true,
  defaultNode: backendNode,
  appliesTo: (plan, node) =>
    plan.cni === "calico"
      ? servesUrls(plan, node)
      : { en: "its pods' gateway is the bridge's own address", zh: "它的 Pod 以网桥自己的地址为网关" },
  before: async ({ plan }, node) => (await runIn(node.netns, ["sysctl", "-n", keyOf(plan, node)])).trim(),
  inject: async ({ plan }, node) => {
    await writeSysctls(node.netns, { [keyOf(plan, node)]: "0" });
    await runIn(servingPod(plan, node).netns, ["ip", "neigh", "flush", "dev", "eth0"]);
  },
  heal: async ({ plan }, node, before) => {
    await writeSysctls(node.netns, { [keyOf(plan, node)]: before });
    await runIn(servingPod(plan, node).netns, ["ip", "neigh", "flush", "dev", "eth0"]);
  },
});

function keyOf(plan: Plan, node: PlannedNode): string {
  return sysctlOfLink(servingPod(plan, node).hostLink, "proxy_arp");
}
