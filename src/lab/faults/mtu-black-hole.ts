import { ipBatch } from "../netns.ts";
import { defineFault } from "./fault-type.ts";
import { backendNode, betweenNodes } from "./serving-nodes.ts";

/** Less than any overlay leaves over, and more than a handshake or a short answer needs. */
const SMALL = 1300;
const USUAL = 1500;

/**
 * A bridge throws away what is larger than the port it leaves by (br_dev_queue_push_xmit, is_skb_forwardable), as a switch
 * does, and neither says so: no "fragmentation needed" reaches anybody.
 */
export const mtuBlackHole = defineFault({
  id: "mtu-black-hole",
  summary: {
    en: "the switch's port to the node takes frames of 1300 bytes at most and is silent about the others",
    zh: "交换机通往该节点的端口最多接受 1300 字节的帧，更大的帧直接丢弃，不发任何通知",
  },
  needsNode: true,
  defaultNode: backendNode,
  appliesTo: betweenNodes,
  before: async () => null,
  inject: (lab, node) => ipBatch(lab.plan.lanNetns, [`link set ${node.name} mtu ${SMALL}`]),
  heal: (lab, node) => ipBatch(lab.plan.lanNetns, [`link set ${node.name} mtu ${USUAL}`]),
});
