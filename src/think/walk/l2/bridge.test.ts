import { beforeAll, describe, expect, test } from "vitest";
import * as make from "../../../../test/explain/faults.ts";
import { recordedCluster } from "../../../../test/explain/recorded-cluster.ts";
import { flowTo } from "../../../../test/explain/what-happens.ts";
import type { Hook } from "../../../facts/ruleset.ts";
import type { World } from "../../../facts/world.ts";
import { replaceTable } from "../edits/replace-table.ts";
import { walk } from "../walk.ts";

const CLIENT = "k1/pod:default/frontend-764dfd4598-hxw42";
/** Its endpoints are on every node, one of them on the client's own bridge. */
const SERVICE = "10.43.238.112";

let healthy: World;
beforeAll(async () => {
  healthy = (await recordedCluster("vxlan-healthy")).world;
});

describe("what a bridge's netfilter translates", () => {
  // Seen on Linux 6.18: the frame is on the port, then on the bridge itself, and IpInAddrErrors rises.
  test.each([
    ["FORWARDING_OFF", make.sysctl("k1/host", "net.ipv4.conf.cni0.forwarding", "0")],
    ["BLACKHOLE_ROUTE", make.route("k1/host", "10.42.0.3/32", { type: "blackhole" })],
  ] as const)("goes up to the bridge where no route takes it, and IP meets the refusal: %s", (end, fault) => {
    const { branches } = walk(make.made(healthy, fault), flowTo(CLIENT, SERVICE, 80));
    const lost = branches.filter((b) => b.end === end);
    expect(lost.length).toBeGreaterThan(0);
    for (const branch of lost) {
      const taps = branch.steps.flatMap((s) => (s.kind === "tap-in" && s.netns === "k1/host" ? [s.link] : []));
      expect(taps).toHaveLength(2);
      expect(taps.at(-1)).toBe("cni0");
      expect(branch.link).toBe("cni0");
    }
  });

  test("needs forwarding to go on from port to port as well", () => {
    const off = make.made(healthy, make.sysctl("k1/host", "net.ipv4.conf.cni0.forwarding", "0"));
    const ends = walk(off, flowTo(CLIENT, SERVICE, 80)).branches.map((b) => b.end);
    expect(new Set(ends)).toEqual(new Set(["FORWARDING_OFF"]));
  });
});

describe("the bridge family's chains", () => {
  const inBridge = (hook: Hook, port: string, direction: "in" | "out") =>
    make.all(make.nftDrop("k1/host", hook, [{ match: direction, negate: false, name: port }]), (world) =>
      replaceTable(world, "k1/host", "rulesets", (rulesets) =>
        rulesets.map((r) => ({
          ...r,
          tables: r.tables.map((t) => (t.name === "guard" ? { ...t, family: "bridge" } : t)),
        })),
      ),
    );
  const port = "vethd60a18ed";
  const ends = (fault: make.Change) =>
    walk(make.made(healthy, fault), flowTo(CLIENT, "10.42.1.2", 8080)).branches.map((b) =>
      `${b.end} ${b.link} ${b.reply.map((r) => `${r.end} ${r.link}`).join()}`.trim(),
    );

  test("stop what comes in by a port, goes up to the node, and goes out of one", () => {
    expect(ends(inBridge("PREROUTING", port, "in"))).toEqual([`NETFILTER_DROP ${port}`]);
    expect(ends(inBridge("INPUT", port, "in"))).toEqual([`NETFILTER_DROP ${port}`]);
    expect(ends(inBridge("OUTPUT", port, "out"))).toEqual([`DELIVERED eth0 NETFILTER_DROP ${port}`]);
    expect(ends(inBridge("POSTROUTING", port, "out"))).toEqual([`DELIVERED eth0 NETFILTER_DROP ${port}`]);
  });

  test("between ports see no more than what is bridged", () => {
    expect(ends(inBridge("FORWARD", port, "in"))).toEqual(["DELIVERED eth0 DELIVERED eth0"]);
  });
});
