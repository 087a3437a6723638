import type { Said } from "../lab-error.ts";
import { findNode, type Plan, type PlannedNode, type PlannedPod, podOf } from "../plan.ts";

/** Where the gateway runs, through which all of the URL's traffic goes. */
export function frontendNode(plan: Plan): PlannedNode {
  return findNode(plan, podOf(plan, "frontend").node);
}

/** Where the gateway's backend runs: the far end of the overlay, and the node that the incident broke. */
export function backendNode(plan: Plan): PlannedNode {
  return findNode(plan, podOf(plan, "backend").node);
}

/** Where a node's traffic goes: from the gateway's node to the backend, on every other node (or its answers) to the gateway. */
export function farNode(plan: Plan, node: PlannedNode): PlannedNode {
  const [far] = [backendNode(plan), frontendNode(plan), ...plan.nodes].filter((other) => other.name !== node.name);
  if (far === undefined) throw new TypeError("a lab of one node has no far one");
  return node.name === frontendNode(plan).name ? far : frontendNode(plan);
}

/** Null, or why the fault needs another node. */
export function betweenNodes(plan: Plan): Said | null {
  return plan.nodes.length > 1
    ? null
    : { en: "it has one node only, and so no traffic between nodes", zh: "它只有一个节点，没有跨节点的流量" };
}

/** Null, or why the fault needs VXLAN. */
export function overVxlan(plan: Plan): Said | null {
  return plan.overlay === "vxlan"
    ? betweenNodes(plan)
    : { en: `its overlay is ${plan.overlay}, not vxlan`, zh: `它的 overlay 是 ${plan.overlay}，不是 vxlan` };
}

/** Null, or why the fault needs a node with a pod of the URLs. */
export function servesUrls(plan: Plan, node: PlannedNode): Said | null {
  if (urlPods(plan, node).length > 0) return null;
  return { en: `the URLs need no pod of ${node.name}`, zh: `那些 URL 用不到节点 ${node.name} 上的 Pod` };
}

/** The pod of a node that the URLs need most. */
export function servingPod(plan: Plan, node: PlannedNode): PlannedPod {
  const [first] = urlPods(plan, node);
  if (!first) throw new TypeError(`the URLs need no pod of ${node.name}`);
  return first;
}

function urlPods(plan: Plan, node: PlannedNode): readonly PlannedPod[] {
  const rank = ["backend", "frontend", "web"];
  const pods = plan.pods.filter((pod) => pod.node === node.name && rank.includes(pod.app));
  return pods.sort((a, b) => rank.indexOf(a.app) - rank.indexOf(b.app));
}

/** The node's link to a pod's address. */
export function linkToPod(plan: Plan, pod: PlannedPod): string {
  return plan.cni === "flannel" ? "cni0" : pod.hostLink;
}

/** Null, or why the fault needs a node with a pod of the URLs on a bridge. */
export function onBridge(plan: Plan, node: PlannedNode): Said | null {
  return plan.cni === "flannel"
    ? servesUrls(plan, node)
    : { en: "its pods are on no bridge", zh: "它的 Pod 不在网桥上" };
}

export function always(): null {
  return null;
}
