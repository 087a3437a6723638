import type { Said } from "../lab-error.ts";
import { mergeObject } from "../api-client.ts";
import type { Plan, PlannedNode } from "../plan.ts";
import { podsOn, powerOff, powerOn } from "../power.ts";
import { defineFault, type FaultLab } from "./fault-type.ts";
import { backendNode, betweenNodes, frontendNode } from "./serving-nodes.ts";

/** Its kubelet's last word is not 40 seconds old (kube-controller-manager, --node-monitor-grace-period). */
export const nodeDown = defineFault({
  id: "node-down",
  summary: {
    en: "the node has lost power, a moment ago: the API still says Ready",
    zh: "节点刚刚断电，API 里仍显示 Ready",
  },
  needsNode: true,
  defaultNode: backendNode,
  appliesTo: betweenNodes,
  before: async () => null,
  inject: (lab, node) => powerOff(lab.plan, node),
  heal: boot,
});

/** The node lifecycle controller has noticed: the node is NotReady, its pods are, and endpoints do without them. */
export const nodeNotReady = defineFault({
  id: "node-not-ready",
  summary: {
    en: "the node lost power a while ago: the API says NotReady, and its pods have left the endpoints",
    zh: "节点断电已有一段时间，API 里显示 NotReady，其上的 Pod 已不在 Endpoint 之列",
  },
  needsNode: true,
  defaultNode: backendNode,
  appliesTo: servesAlone,
  before: async () => null,
  inject: async (lab, node) => {
    await powerOff(lab.plan, node);
    await say(lab, node, "Unknown", "False");
  },
  heal: boot,
});

async function boot(lab: FaultLab, node: PlannedNode): Promise<void> {
  await powerOn(lab.plan, node, lab.bundle);
  await say(lab, node, "True", "True");
}

/** What others can do without, nobody misses once the API knows. */
function servesAlone(plan: Plan, node: PlannedNode): Said | null {
  const isNeeded = [backendNode(plan), frontendNode(plan)].some(({ name }) => name === node.name);
  if (isNeeded) return betweenNodes(plan);
  return { en: `the URLs do without ${node.name}`, zh: `那些 URL 用不到节点 ${node.name}` };
}

async function say(lab: FaultLab, node: PlannedNode, state: "True" | "Unknown", pods: "True" | "False") {
  const at = new Date().toISOString().replace(/\.\d+Z$/, "Z");
  const isWell = state === "True";
  const ready = {
    type: "Ready",
    status: state,
    reason: isWell ? "KubeletReady" : "NodeStatusUnknown",
    message: isWell ? "kubelet is posting ready status" : "Kubelet stopped posting node status.",
    lastHeartbeatTime: at,
    lastTransitionTime: at,
  };
  const taint = { key: "node.kubernetes.io/unreachable", effect: "NoExecute", timeAdded: at };
  await mergeObject(lab.api, `/api/v1/nodes/${node.name}`, {
    spec: { taints: isWell ? null : [taint] },
    status: { conditions: [ready] },
  });
  for (const pod of podsOn(lab.plan, node)) {
    await mergeObject(lab.api, `/api/v1/namespaces/${pod.namespace}/pods/${pod.name}`, {
      status: { conditions: [{ type: "Ready", status: pods, lastProbeTime: null, lastTransitionTime: at }] },
    });
  }
}
