import { existsSync } from "node:fs";
import type { Lab } from "../../src/lab/lab.ts";
import type { TappedPlace } from "./tcpdump-oracle.ts";

/** Every namespace of a lab, under the names that a verdict gives them. */
export function placesOf(lab: Lab): readonly TappedPlace[] {
  const host = (node: string, name: string, isFabric = false): TappedPlace => ({
    node,
    netns: "host",
    name,
    isFabric,
    behind: null,
  });
  const all = [
    host("here", lab.clientNetns),
    host("lan", lab.clientNetns.replace(/client$/, "lan"), true),
    ...lab.nodes.map((node) => host(node.name, node.netns)),
    ...lab.pods.map((pod) => ({
      node: pod.node,
      netns: podNetns(pod),
      name: pod.netns,
      isFabric: false,
      behind: { node: pod.node, interface: pod.hostLink, isPort: lab.cni === "flannel" },
    })),
  ];
  // A node without power has none.
  return all.filter(({ name }) => existsSync(`/run/netns/${name}`));
}

export function podNetns(pod: { readonly namespace: string; readonly name: string }): string {
  return `pod:${pod.namespace}/${pod.name}`;
}
