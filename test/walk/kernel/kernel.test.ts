import { appendFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ip } from "../../../src/facts/ip.ts";
import type { World } from "../../../src/facts/world.ts";
import { arrives } from "../../../src/think/walk/branch.ts";
import type { Disposition } from "../../../src/think/walk/dispositions.ts";
import { walk } from "../../../src/think/walk/walk.ts";
import { cluster } from "./cluster.ts";
import { diamond } from "./diamond.ts";
import { line6 } from "./line6.ts";
import { type Answer, LiveTopology } from "./live-topology.ts";
import type { Topology } from "./topology.ts";

/** Seeds that differ much in what they break. */
const SHAPES: readonly (readonly [string, (seed: number) => Topology, readonly number[]])[] = [
  ["diamond", diamond, pick("D")],
  ["cluster", cluster, pick("C")],
  ["line6", line6, pick("S")],
];
function pick(k: string) { const [a, b] = (process.env["LH" + k] ?? "1-3").split("-").map(Number); return Array.from({ length: b! - a! + 1 }, (_, i) => a! + i); }

type Counts = Awaited<ReturnType<LiveTopology["counters"]>>;

/** What rises where a packet that came in ends so so the node and the reason are told twice. */
const COUNTERS: Readonly<Record<4 | 6, Partial<Record<Disposition, string>>>> = {
  4: {
    FORWARDING_OFF: "IpInAddrErrors",
    RP_FILTER: "TcpExtIPReversePathFilter",
    NO_ROUTE: "IpExtInNoRoutes",
    TTL_EXCEEDED: "IpInHdrErrors",
  },
  6: { FORWARDING_OFF: "Ip6InAddrErrors", NO_ROUTE: "Ip6InNoRoutes" },
};

describe.skipIf(process.getuid?.() !== 0)("a walk and the kernel agree (needs root, for network namespaces)", () => {
  for (const [shape, make, count] of SHAPES) {
    describe.each([...count])(`${shape} %i`, (seed) => {
      const topology = make(seed);
      const live = new LiveTopology(topology, `${shape.slice(0, 1)}${seed}`);
      let world: World;
      let answer: Answer;
      let before: Counts;
      let after: Counts;

      beforeAll(async () => {
        await live.down();
        await live.up();
        world = await live.world();
        before = await live.counters();
        answer = await live.probe();
        after = await live.counters();
      });
      afterAll(() => live.down());

      it.each(["tcp", "udp", "icmp"] as const)("%s", (protocol) => {
        const { branches } = walk(world, {
          from: `${topology.from}/host`,
          src: null,
          dst: ip(topology.address),
          protocol,
          sport: 40000,
          dport: topology.port,
          bytes: 60,
        });
        const story = branches.map((b) => [b.end, b.netns, b.link, b.unknown?.why, b.reply.map((r) => [r.end, r.netns, r.link, r.unknown?.why])]);
        const words = `${shape} ${seed}: ${topology.faults.join("; ")} → ${topology.address}: ${JSON.stringify(story)}`;
        if (process.env.LHSTAT) appendFileSync("/tmp/lhstat", `${branches.map((b) => b.end + " " + b.reply.map((r) => r.end)).join()} @ ${words}\n`);
        expect(branches.map(arrives), words).toEqual([answer[protocol]]);
        if (protocol === "udp") expect(branches.map((b) => b.end === "DELIVERED"), words).toEqual([answer.udpReceived]);
        for (const leg of branches.flatMap((b) => [b, ...b.reply])) {
          const counter = leg.steps.at(-1)?.kind === "route-output" ? undefined : COUNTERS[topology.family][leg.end];
          if (counter === undefined) continue;
          const node = leg.netns.slice(0, -"/host".length);
          const rise = (after.get(node)?.get(counter) ?? 0) - (before.get(node)?.get(counter) ?? 0);
          expect(rise, `${counter} of ${node}: ${words}`).toBeGreaterThan(0);
        }
      });
    });
  }
});
