import { processorMs } from "../../../../test/processor-ms.ts";
import { describe, expect, test } from "vitest";
import * as make from "../../../../test/explain/faults.ts";
import { recordedCluster } from "../../../../test/explain/recorded-cluster.ts";
import { causesOf, flowTo, told, triedIn } from "../../../../test/explain/what-happens.ts";
import { ip } from "../../../facts/ip.ts";
import { walk } from "../walk.ts";

const hop = (via: string | null, dev: string) => [
  { via: via === null ? null : ip(via), dev, weight: 1, flags: ["onlink"], encap: null },
];

describe("a tunnel whose own packets lead into it again", () => {
  test("by a route, VXLAN", async () => {
    const { world } = await recordedCluster("vxlan-healthy");
    const circular = make.made(
      world,
      make.route("k1/host", "192.168.6.142/32", { nexthops: hop("10.42.0.0", "flannel.1") }),
    );
    const flow = flowTo("k1/host", "10.42.0.3", 8080);
    const [branch, ...more] = walk(circular, flow).branches;
    expect(more.length).toBe(0);
    expect([branch?.end, branch?.netns, branch?.link]).toEqual(["LOOP", "k1/host", "flannel.1"]);
    expect(branch?.steps.filter((s) => s.kind === "tap-out").length).toBe(1);
    const causes = await causesOf(circular, triedIn(circular, circular, flow));
    expect(causes.map(told)).toEqual(["confirmed wrong-route k1 route 192.168.6.142/32 table main"]);
  });

  test("by a route, IPIP", async () => {
    const { world } = await recordedCluster("ipip-healthy");
    const circular = make.made(world, make.route("node1/host", "192.168.6.142/32", { nexthops: hop(null, "tunl0") }));
    const [branch] = walk(circular, flowTo("node1/host", "10.244.104.23", 8080)).branches;
    expect([branch?.end, branch?.netns, branch?.link]).toEqual(["LOOP", "node1/host", "tunl0"]);
  });

  test("by a rule that translates them: it ends where the kernel has had enough, and the rule is to blame", async () => {
    const { world } = await recordedCluster("vxlan-healthy");
    const to = ip("10.42.0.3").value;
    const target = { do: "DNAT", range: { low: to, high: to, ports: null, random: false } } as const;
    const looping = make.made(world, make.rule("k1/host", "nat/OUTPUT", [target]));
    const flow = flowTo("k1/host", "10.42.0.3", 8080);
    let branches: ReturnType<typeof walk>["branches"] = [];
    const ms = processorMs(() => {
      branches = walk(looping, flow).branches;
    });
    expect(ms).toBeLessThan(2000);
    const [branch] = branches;
    expect([branch?.end, branch?.netns, branch?.link]).toEqual(["LOOP", "k1/host", "flannel.1"]);
    const causes = await causesOf(looping, triedIn(looping, looping, flow));
    expect(causes.map(told)).toEqual([expect.stringMatching(/rule-drops k1 rule iptables-nft:nat\/OUTPUT#1$/)]);
  });
});
