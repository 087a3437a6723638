import type { Lab } from "../../src/lab/lab.ts";
import type { TappedPlace } from "./tcpdump-oracle.ts";

/** Every namespace of a lab, under the names that a verdict gives them; `lan` is the switch, which no product sees. */
export function placesOf(lab: Lab): readonly TappedPlace[] {
  return [
    { node: "here", netns: "host", name: lab.clientNetns },
    { node: "lan", netns: "host", name: lab.clientNetns.replace(/client$/, "lan") },
    ...lab.nodes.map((node) => ({ node: node.name, netns: "host", name: node.netns })),
    ...lab.pods.map((pod) => ({ node: pod.node, netns: `pod:${pod.namespace}/${pod.name}`, name: pod.netns })),
  ];
}
