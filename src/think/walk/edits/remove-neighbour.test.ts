import { expect, test } from "vitest";
import * as make from "../../../../test/explain/faults.ts";
import { recordedCluster } from "../../../../test/explain/recorded-cluster.ts";
import { ip, prefix } from "../../../facts/ip.ts";
import type { NetnsId } from "../../../facts/provenance.ts";
import { linksOf } from "../../../facts/world.ts";
import { removeNeighbour } from "./remove-neighbour.ts";
import { replaceTable } from "./replace-table.ts";
import { changeLink } from "./set-link-up.ts";

const GATEWAY = ip("fe80::1");

function gatewayOn(netns: NetnsId): make.Change {
  return (world) =>
    changeLink(world, netns, "cni0", (link) => {
      const address = { ip: GATEWAY, prefix: prefix("fe80::/64"), scope: "link", secondary: false };
      return { ...link, addresses: [...link.addresses, { ...link.addresses[0], ...address } as never] };
    });
}

test("a gateway's address that every node has: its wrong entry in a pod is removed by what its own segment says", async () => {
  const { world: healthy } = await recordedCluster("vxlan-healthy");
  const pod = [...healthy.netns.keys()].find((id) => id.startsWith("k1/pod:")) as NetnsId;
  const cni0 = linksOf(healthy.netns.get("k1/host")).find((l) => l.name === "cni0");
  const because = cni0?.because as never;
  const knows =
    (mac: string): make.Change =>
    (world) =>
      replaceTable(world, pod, "neighbours", (rows) => [
        ...rows,
        { ip: GATEWAY, dev: "eth0", mac, state: "PERMANENT", proxy: false, because },
      ]);
  const all = make.all(gatewayOn("k1/host"), gatewayOn("k2/host"));
  const proposed = (mac: string) => {
    const world = make.made(healthy, make.all(all, knows(mac)));
    return removeNeighbour.propose(world, { of: "neighbour", netns: pod, dev: "eth0", ip: GATEWAY }, {} as never)
      .length;
  };
  expect(proposed("02:00:00:00:00:99")).toBe(1);
  expect(proposed(cni0?.mac ?? "")).toBe(0);
});

test("a gateway's address that nobody has, and a node answers for: its wrong entry in a pod is removed by that answer", async () => {
  const { world: healthy } = await recordedCluster("ipip-healthy");
  const gateway = ip("169.254.1.1");
  const pod = [...healthy.netns.keys()].find((id) => id.includes("/pod:default/")) as NetnsId;
  const because = linksOf(healthy.netns.get(pod))[0]?.because as never;
  const proposed = (mac: string) => {
    const world = replaceTable(healthy, pod, "neighbours", (rows) => [
      ...rows.filter((row) => row.ip.text !== gateway.text),
      { ip: gateway, dev: "eth0", mac, state: "PERMANENT", proxy: false, because },
    ]);
    return removeNeighbour.propose(world, { of: "neighbour", netns: pod, dev: "eth0", ip: gateway }, {} as never)
      .length;
  };
  expect(proposed("02:00:00:00:00:99")).toBe(1);
  expect(proposed("ee:ee:ee:ee:ee:ee")).toBe(0);
});
