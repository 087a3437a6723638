import { backendNode, farNode, frontendNode } from "../../src/lab/faults/serving-nodes.ts";
import type { PlannedNode } from "../../src/lab/plan.ts";
import { overlayLink } from "../../src/lab/wiring/overlay.ts";
import type { Broken, ExpectedCause, Join } from "./lab-fault-causes.ts";
import { largeAnswers } from "./large-answers.ts";

const NOT_OURS = "nobody here owns the network between the nodes";
const LOOK_ALIKE = "without power or without a cable: from outside they look alike";

type Ends = readonly [from: PlannedNode, to: PlannedNode];

/**
 * Of the first symptom that crosses the node: from the URL's entry to the gateway, from there to the backend, or to the node's own
 * pod. Where what the entry masquerades passes, it is the node's pods that ask.
 */
function requestCrosses({ plan, node }: Broken, entry: PlannedNode, isMasqueradedLost: boolean): Ends {
  const gateway = frontendNode(plan);
  const isAt = (one: PlannedNode): boolean => one.name === node.name;
  if (isMasqueradedLost && entry.name !== gateway.name && (isAt(entry) || isAt(gateway))) return [entry, gateway];
  if (isAt(gateway)) return [gateway, farNode(plan, node)];
  if (isAt(backendNode(plan))) return [gateway, node];
  return isMasqueradedLost ? [entry, node] : [node, gateway];
}

const onSegment = (id: string, [from, to]: Ends): ExpectedCause => ({
  id,
  node: null,
  netns: null,
  object: `segment ${from.name}:eth0 ${to.name}:eth0`,
  likelyBecause: NOT_OURS,
});

const silent: Join = {
  cause: ({ node: { name } }) => ({
    id: "node-down",
    node: name,
    netns: "host",
    object: `node ${name}`,
    likelyBecause: LOOK_ALIKE,
  }),
};

/** What is wrong with the network between nodes, or with a whole node. */
export const BETWEEN_NODES: Readonly<Record<string, Join>> = {
  "wrong-node-ip-in-route": {
    cause: ({ plan, node }) => {
      const far = farNode(plan, node);
      const common = { node: node.name, netns: "host" };
      return plan.overlay === "vxlan"
        ? { ...common, id: "vxlan-fdb-missing", object: `fdb ${far.tunnelMac} dev ${overlayLink(plan)}` }
        : { ...common, id: "wrong-route", object: `route ${far.podCidr} table main` };
    },
  },
  "mtu-black-hole": {
    cause: (broken) => {
      const [from, to] = requestCrosses(broken, frontendNode(broken.plan), true);
      return onSegment("mtu-black-hole", [to, from]);
    },
    symptoms: ({ plan }) => largeAnswers(plan),
  },
  "fabric-drop": {
    cause: (broken) => {
      const { overlay, nodes } = broken.plan;
      // The lab's URLs are of its first node. Without a tunnel only what goes from pod to pod is lost.
      return onSegment("fabric-drop", requestCrosses(broken, nodes[0] ?? broken.node, overlay !== "host-gw"));
    },
  },
  "node-down": silent,
  "node-not-ready": silent,
};
