import { existsSync } from "node:fs";
import { runIn, writeSysctls } from "../netns.ts";
import { defineFault } from "./fault-type.ts";
import { backendNode, onBridge } from "./serving-nodes.ts";

const KEY = "net.bridge.bridge-nf-call-iptables";

/** What crosses the bridge from pod to pod is then not translated back. */
const NO_MODULE = { en: "this kernel has no br_netfilter loaded", zh: "内核没有加载 br_netfilter" };

export const bridgeNfOff = defineFault({
  id: "bridge-nf-off",
  summary: {
    en: "bridges do not call iptables: a Service fails where its pod is on the caller's own node",
    zh: "网桥不再调用 iptables：Service 的 Pod 与调用者在同一节点上时就不通",
  },
  needsNode: true,
  defaultNode: backendNode,
  appliesTo: (plan, node) => onBridge(plan, node) ?? (existsSync("/proc/sys/net/bridge") ? null : NO_MODULE),
  before: async (_lab, node) => (await runIn(node.netns, ["sysctl", "-n", KEY])).trim(),
  inject: (_lab, node) => writeSysctls(node.netns, { [KEY]: "0" }),
  heal: (_lab, node, before) => writeSysctls(node.netns, { [KEY]: before }),
});
