import { BlockList } from "node:net";
import { describe, expect, it } from "vitest";
import { labOfNetns, plannedNetns } from "./netns.ts";
import { checkName, makePlan, type PlanOptions, podOf } from "./plan.ts";

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

describe("a seed", () => {
  const seeded = (seed: number, more: Partial<PlanOptions> = {}) =>
    makePlan({ name: "lab", cni: "flannel", overlay: "vxlan", seed, ...more });

  it("draws the same plan every time, but for its marker and age", () => {
    const { marker, createdAt, ...plan } = seeded(7);
    expect(seeded(7)).toMatchObject(plan);
    expect(seeded(8)).not.toMatchObject(plan);
    expect(seeded(7).marker).not.toBe(marker);
  });

  it.each(["flannel", "calico"] as const)("draws what a lab can be built of (%s)", (cni) => {
    for (let seed = 0; seed < 200; seed++) {
      const { nodes, pods } = seeded(seed, { cni });
      const distinct = (values: readonly string[]) => expect(new Set(values).size, `seed ${seed}`).toBe(values.length);
      expect(nodes.length).toBeGreaterThanOrEqual(2);
      expect(nodes.length).toBeLessThanOrEqual(5);
      for (const key of ["name", "netns", "address", "podCidr", "tunnelAddress"] as const) {
        distinct(nodes.map((node) => node[key]));
      }
      distinct(pods.map((pod) => pod.address));
      expect(Math.max(...nodes.map((node) => node.name.length))).toBeLessThan(16);
      expect(podOf({ pods }, "frontend").node).not.toBe(podOf({ pods }, "backend").node);
      // `fe` is the switch's side of a node's cable: a bridge keeps what is for an address of its own port.
      expect(nodes.filter(({ mac }) => mac.startsWith("fe"))).toEqual([]);
      for (const pod of pods)
        expect(isIn(nodes.find((node) => node.name === pod.node)?.podCidr, pod.address)).toBe(true);
    }
  });

  it("keeps to a number of nodes that is given", () => {
    for (const count of [1, 4, 20]) expect(seeded(3, { nodes: count }).nodes).toHaveLength(count);
  });

  it.each([-1, 1.5, 1e10])("is not %d", (seed) => {
    expect(() => seeded(seed)).toThrow("--seed");
  });
});

it("names namespaces so that each belongs to one lab only", () => {
  for (const name of ["lab", "lab-two", "lab-k1", "lan"]) {
    const plan = makePlan({ name, nodes: 2, cni: "flannel", overlay: "vxlan" });
    for (const netns of plannedNetns(plan)) expect(labOfNetns(netns)).toBe(name);
  }
  for (const name of ["", "a;b", "../x", "lab-pod", "-a", "A", "a".repeat(25)]) expect(() => checkName(name)).toThrow();
});

function isIn(cidr: string | undefined, address: string): boolean {
  const [base = "", length] = (cidr ?? "").split("/");
  const block = new BlockList();
  block.addSubnet(base, Number(length));
  return block.check(address);
}
