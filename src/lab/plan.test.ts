import { expect, it } from "vitest";
import { labOfNetns, plannedNetns } from "./netns.ts";
import { checkName, makePlan } from "./plan.ts";

it("gives every pod an address inside its node's block, and no address twice", () => {
  const plan = makePlan({ name: "lab", nodes: 20, cni: "calico", overlay: "vxlan" });
  expect(new Set(plan.nodes.map((node) => node.podCidr)).size).toBe(20);
  expect(new Set(plan.pods.map((pod) => pod.address)).size).toBe(plan.pods.length);
  expect(plan.nodes.slice(0, 2).map((node) => node.podCidr)).toEqual(["10.244.166.128/26", "10.244.104.0/26"]);
});

it("puts the gateway on the first node and its backend on the second", () => {
  const plan = makePlan({ name: "lab", nodes: 3, cni: "flannel", overlay: "vxlan" });
  expect(plan.pods.map((pod) => `${pod.app} ${pod.node}`)).toEqual([
    "frontend k1",
    "backend k2",
    "web k1",
    "web k2",
    "web k3",
    "dns k3",
  ]);
});

it("names namespaces so that each belongs to one lab only", () => {
  for (const name of ["lab", "lab-two", "lab-k1", "lan"]) {
    const plan = makePlan({ name, nodes: 2, cni: "flannel", overlay: "vxlan" });
    for (const netns of plannedNetns(plan)) expect(labOfNetns(netns)).toBe(name);
  }
  for (const name of ["", "a;b", "../x", "lab-pod", "-a", "A", "a".repeat(25)]) expect(() => checkName(name)).toThrow();
});
