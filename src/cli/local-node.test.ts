import { expect, it } from "vitest";
import type { KubeNode } from "../facts/cluster.ts";
import { ip } from "../facts/ip.ts";
import { nodeNameOf } from "./local-node.ts";

const node = (name: string, ...addresses: readonly string[]): KubeNode => ({
  name,
  internalIps: addresses.map(ip),
  podCidrs: [],
  ready: true,
  annotations: {},
});
const nodes = [node("k1", "192.168.6.141"), node("k2.example.org", "192.168.6.142", "fd00::2"), node("k3", "10.0.0.3")];

it.each<[string, readonly string[], string]>([
  ["k1", [], "k1"],
  ["K2.Example.org", [], "k2.example.org"],
  ["vm-1234", ["127.0.0.1", "192.168.6.142"], "k2.example.org"],
  ["vm-1234", ["fd00:0:0::2"], "k2.example.org"],
  // A name counts before an address that somebody else has, and two that fit are nobody.
  ["k3", ["192.168.6.141"], "k3"],
  ["vm-1234", ["192.168.6.141", "10.0.0.3"], "vm-1234"],
  ["vm-1234", ["192.168.6.250"], "vm-1234"],
])("%s with %j is %s", (hostname, addresses, name) => {
  expect(nodeNameOf({ hostname, addresses }, nodes)).toBe(name);
});
