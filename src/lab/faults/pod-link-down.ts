import { ipBatch } from "../netns.ts";
import { podRoute } from "../wiring/calico.ts";
import { defineFault } from "./fault-type.ts";
import { backendNode, servesUrls, servingPod } from "./serving-nodes.ts";

/** The pod stays Ready: between two probes its kubelet has noticed nothing. */
export const podLinkDown = defineFault({
  id: "pod-link-down",
  summary: {
    en: "the node's end of the serving pod's veth is down",
    zh: "提供服务的 Pod，其 veth 在节点这一端处于 down 状态",
  },
  needsNode: true,
  defaultNode: backendNode,
  appliesTo: servesUrls,
  before: async () => null,
  inject: (lab, node) => ipBatch(node.netns, [`link set ${servingPod(lab.plan, node).hostLink} down`]),
  heal: (lab, node) => {
    const pod = servingPod(lab.plan, node);
    return ipBatch(node.netns, [`link set ${pod.hostLink} up`, ...(lab.plan.cni === "calico" ? [podRoute(pod)] : [])]);
  },
});
