import { beforeAll, describe, expect, it } from "vitest";
import { ip } from "../../src/facts/ip.ts";
import type { Netns } from "../../src/facts/netns.ts";
import { known } from "../../src/facts/provenance.ts";
import type { World } from "../../src/facts/world.ts";
import { arrives, type Branch, type Flow, tapPoints } from "../../src/think/walk/branch.ts";
import { walk } from "../../src/think/walk/walk.ts";
import { recordedWorld } from "../walk/recorded-world.ts";

/** A host outside of the cluster, as the recording of vxlan-healthy saw it come in. */
const STRANGER: Flow = {
  from: "k1/host",
  entersBy: { link: "eth0", vlan: null },
  src: ip("192.168.6.1"),
  dst: ip("192.168.6.141"),
  protocol: "tcp",
  sport: 45244,
  dport: 30007,
  bytes: 60,
};

function taps(branch: Branch | undefined, leg: "request" | "reply"): string[] {
  return branch === undefined
    ? []
    : tapPoints(branch)
        .filter((t) => t.leg === leg)
        .map((t) => `${t.netns.replace(/\/.*/, "")} ${t.link} ${t.direction}`);
}

describe("a packet from a host that was not collected", () => {
  let world: World;
  beforeAll(async () => {
    ({ world } = await recordedWorld("vxlan-healthy"));
  });
  const changed = (id: string, change: (netns: Netns) => Netns): World => ({
    ...world,
    netns: new Map([...world.netns].map(([key, n]) => [key, key === id ? change(n) : n])),
  });

  it("goes in where it was seen to come in, and its answer out there: as the capture has it", () => {
    const { branches } = walk(world, STRANGER);
    expect(branches.map(arrives)).toEqual([true, true, true]);
    const remote = branches.find((b) => b.destination.ip.text === "10.42.1.2");
    expect(taps(remote, "request").slice(0, 3)).toEqual(["k1 eth0 in", "k1 flannel.1 out", "k1 eth0 out"]);
    expect(taps(remote, "reply").slice(-3)).toEqual(["k1 eth0 in", "k1 flannel.1 in", "k1 eth0 out"]);
  });

  it("needs no neighbour entry for the way back: the sender is there", () => {
    const forgetful = changed("k1/host", (n) => ({
      ...n,
      neighbours: n.neighbours.known
        ? known(n.neighbours.value.filter((e) => e.ip.text !== "192.168.6.1"))
        : n.neighbours,
    }));
    expect(walk(forgetful, STRANGER).branches.map(arrives)).toEqual([true, true, true]);
  });

  it("does not claim that an answer by another link arrives", () => {
    const detour = changed("k1/host", (n) => {
      if (!n.routes.known) return n;
      const [like] = n.routes.value.filter((r) => r.table === 254 && r.nexthops[0]?.dev === "cni0");
      if (like === undefined) throw new Error("k1 has no route to its pods");
      const toStranger = {
        ...like,
        dst: { family: 4, base: ip("192.168.6.1").value, length: 32, text: "192.168.6.1/32" },
      } as const;
      return { ...n, routes: known([...n.routes.value, toStranger]) };
    });
    expect(walk(detour, STRANGER).branches.map(arrives)).not.toContain(true);
  });

  it("is lost where it enters when the node drops it", () => {
    const down = changed("k1/host", (n) => ({
      ...n,
      sysctls: n.sysctls.known
        ? known(
            n.sysctls.value.map((s) =>
              /^net\.ipv4\.(ip_forward|conf\.eth0\.forwarding)$/.test(s.key) ? { ...s, value: "0" } : s,
            ),
          )
        : n.sysctls,
    }));
    const { branches } = walk(down, STRANGER);
    expect(branches.map((b) => `${b.end} ${b.netns} ${b.link}`)).toContain("FORWARDING_OFF k1/host eth0");
  });
});
