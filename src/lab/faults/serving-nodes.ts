import { findNode, type Plan, type PlannedNode, type PlannedPod, podOf } from "../plan.ts";

/** Where the gateway runs, through which all of the URL's traffic goes. */
export function frontendNode(plan: Plan): PlannedNode {
  return findNode(plan, podOf(plan, "frontend").node);
}

/** Where the gateway's backend runs: the far end of the overlay, and the node that the incident broke. */
export function backendNode(plan: Plan): PlannedNode {
  return findNode(plan, podOf(plan, "backend").node);
}

/** The pod of a node that the URLs need most. */
export function servingPod(plan: Plan, node: PlannedNode): PlannedPod {
  const rank = ["backend", "frontend", "web"];
  const pods = plan.pods.filter((pod) => pod.node === node.name && rank.includes(pod.app));
  const [first] = pods.sort((a, b) => rank.indexOf(a.app) - rank.indexOf(b.app));
  if (!first) throw new TypeError(`every node has a web pod, but not ${node.name}`);
  return first;
}

export function always(): null {
  return null;
}
