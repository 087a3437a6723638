import { beforeAll, describe, expect, test } from "vitest";
import * as make from "../../../test/explain/faults.ts";
import { recordedCluster } from "../../../test/explain/recorded-cluster.ts";
import { causesOf, flowTo, told, triedIn } from "../../../test/explain/what-happens.ts";
import type { World } from "../../facts/world.ts";
import { walk } from "./walk.ts";

// nf_conntrack_max is the machine's own in every namespace, so no test can fill a table of its own: the source is the witness
// (__nf_conntrack_alloc, net/netfilter/nf_conntrack_core.c).
describe("a full conntrack table", () => {
  const flow = flowTo("k1/host", "10.42.0.3", 8080);
  const COUNT = "net.netfilter.nf_conntrack_count";
  const MAX = "net.netfilter.nf_conntrack_max";
  let healthy: World;
  beforeAll(async () => {
    healthy = (await recordedCluster("vxlan-healthy")).world;
  });
  const full = (node: string, count: string, max: string): World =>
    make.made(healthy, make.all(make.sysctl(`${node}/host`, COUNT, count), make.sysctl(`${node}/host`, MAX, max)));
  const ends = (world: World) =>
    walk(world, flow).branches.map(({ end, netns, weight }) => `${end} ${netns} ${weight}`);

  test("takes a new connection only where another one gives way: both are foretold", () => {
    expect(ends(full("k2", "1000", "1000"))).toEqual(
      expect.arrayContaining([expect.stringMatching(/^CONNTRACK_FULL k2\/host null$/)]),
    );
    expect(ends(full("k2", "1000", "1000")).filter((end) => !end.startsWith("CONNTRACK_FULL"))).toEqual(
      expect.arrayContaining([expect.stringMatching(/^DELIVERED /)]),
    );
  });

  test("is full at its size, and never where it has none", () => {
    for (const [count, max] of [
      ["999", "1000"],
      ["1000", "0"],
    ] as const) {
      expect(ends(full("k2", count, max))).toEqual([expect.stringMatching(/^DELIVERED .* 1$/)]);
    }
  });

  test("does not concern who is not on the way", () => {
    expect(ends(full("k3", "1000", "1000"))).toEqual([expect.stringMatching(/^DELIVERED .* 1$/)]);
  });

  test("is the cause where packets end there, all of them or some", async () => {
    const world = full("k2", "1000", "1000");
    const named = ["confirmed conntrack-table-full k2 net.netfilter.nf_conntrack_max"];
    for (const real of [make.made(world, make.nftDrop("k2/host", "PREROUTING")), world]) {
      expect((await causesOf(world, triedIn(world, real, flow))).map(told)).toEqual(named);
    }
  });

  test("is none where no packet ends there", async () => {
    const world = full("k2", "1000", "1000");
    for (const real of [healthy, make.made(healthy, make.nftDrop("k1/host", "OUTPUT"))]) {
      const causes = await causesOf(world, triedIn(world, real, flow));
      expect(causes.map(told).filter((one) => !one.startsWith("suspected"))).toEqual([]);
    }
  });
});
