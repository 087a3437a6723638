import type { Said } from "../lab-error.ts";
import { findNode, type Plan, type PlannedNode, type PlannedPod } from "../plan.ts";
import { defineFault } from "./fault-type.ts";
import { deleteRule, insertRule } from "./inserted-rule.ts";

const MANY = 10;

/**
 * A policy agent has left the rule of a pod that had the address before. The kubelet's probe is the node's own packet and
 * passes no FORWARD: the pod stays Ready, and one call of ten fails for as long as nobody looks. Of a DROP calls would only
 * be slow: its packet leaves no conntrack entry, and when it is sent again chance chooses anew.
 */
export const oneInTenEndpointsDead = defineFault({
  id: "one-in-ten-endpoints-dead",
  summary: {
    en: "of the ten or more pods of web, a REJECT left over at the head of FORWARD hits one of the node's",
    zh: "web 的 Pod 至少有十个，其中该节点上的一个被 FORWARD 链首残留的一条 REJECT 命中",
  },
  needsNode: true,
  defaultNode: (plan) => {
    const last = webPods(plan).at(-1);
    return last === undefined ? (plan.nodes[0] as PlannedNode) : findNode(plan, last.node);
  },
  appliesTo: hasMany,
  before: async () => null,
  inject: ({ plan }, node) => insertRule(node, "FORWARD", ruleFor(deadEndpoint(plan, node))),
  heal: ({ plan }, node) => deleteRule(node, "FORWARD", ruleFor(deadEndpoint(plan, node))),
});

/** The last pod of web on the node. */
function deadEndpoint(plan: Plan, node: PlannedNode): PlannedPod {
  const pod = webPods(plan).findLast((one) => one.node === node.name);
  if (pod === undefined) throw new TypeError(`no pod of web is on ${node.name}`);
  return pod;
}

function ruleFor(pod: PlannedPod): readonly string[] {
  return ["-d", `${pod.address}/32`, "-j", "REJECT"];
}

function hasMany(plan: Plan, node: PlannedNode): Said | null {
  const pods = webPods(plan);
  if (pods.length < MANY) {
    return {
      en: `its Service web has ${pods.length} endpoints, not ten (lasthop lab up --web ${MANY})`,
      zh: `它的 Service web 只有 ${pods.length} 个 Endpoint，不到十个（lasthop lab up --web ${MANY}）`,
    };
  }
  if (pods.some((pod) => pod.node === node.name)) return null;
  return { en: `no pod of web is on ${node.name}`, zh: `节点 ${node.name} 上没有 web 的 Pod` };
}

function webPods(plan: Plan): readonly PlannedPod[] {
  return plan.pods.filter((pod) => pod.app === "web");
}
