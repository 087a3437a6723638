import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ip } from "../../../src/facts/ip.ts";
import type { World } from "../../../src/facts/world.ts";
import { arrives, type Branch } from "../../../src/think/walk/branch.ts";
import type { Disposition } from "../../../src/think/walk/dispositions.ts";
import { walk } from "../../../src/think/walk/walk.ts";
import { cluster } from "./cluster.ts";
import { diamond } from "./diamond.ts";
import { frames } from "./frames.ts";
import { line6 } from "./line6.ts";
import { type Answer, LiveTopology } from "./live-topology.ts";
import { SETTINGS, settings } from "./settings.ts";
import type { Topology } from "./topology.ts";

/** How the walk of a TCP connection ends, request and reply; the kernel says whether that is right. */
interface Case {
  readonly shape: "diamond" | "cluster" | "frames" | "line6" | "settings";
  readonly seed: number;
  readonly ends: string | null;
}

const MAKERS = { diamond, cluster, frames, line6, settings } satisfies Record<
  Case["shape"],
  (seed: number) => Topology
>;

/** Seeds that differ in how the packet ends. */
const CHOSEN: readonly (readonly [Case["shape"], number, string])[] = [
  ["diamond", 1, "DELIVERED NO_ROUTE"],
  ["diamond", 2, "RECEIVER_LINK_DOWN"],
  ["diamond", 3, "RP_FILTER"],
  ["diamond", 4, "DELIVERED DELIVERED"],
  ["diamond", 8, "FORWARDING_OFF"],
  ["diamond", 22, "DELIVERED RP_FILTER"],
  ["diamond", 26, "WRONG_MAC"],
  ["diamond", 45, "TTL_EXCEEDED"],
  ["diamond", 48, "MARTIAN_SOURCE"],
  ["diamond", 58, "DELIVERED NO_SUCH_HOST"],
  ["cluster", 1, "NO_SUCH_HOST"],
  ["cluster", 21, "TUNNEL_NO_DEVICE"],
  ["cluster", 34, "NEIGHBOUR_FAILED"],
  ["cluster", 37, "DELIVERED NETFILTER_DROP"],
  ["cluster", 45, "FORWARDING_OFF"],
  ["cluster", 68, "DELIVERED FORWARDING_OFF"],
  ["cluster", 72, "DELIVERED TUNNEL_NO_REMOTE"],
  ["cluster", 76, "BLACKHOLE_ROUTE"],
  ["cluster", 102, "LINK_DOWN"],
  ["cluster", 111, "TUNNEL_NO_REMOTE"],
  ["cluster", 209, "DELIVERED NAT_UNDONE_ELSEWHERE"],
  ["frames", 14, "NETFILTER_DROP"],
  ["frames", 16, "DELIVERED NETFILTER_DROP"],
  ["frames", 22, "NETFILTER_DROP"],
  ["frames", 27, "DELIVERED NETFILTER_DROP"],
  ["frames", 28, "DELIVERED NETFILTER_DROP"],
  ["frames", 37, "NETFILTER_DROP"],
  ["frames", 54, "NETFILTER_DROP"],
  ["frames", 67, "NETFILTER_DROP"],
  ["frames", 80, "NETFILTER_DROP"],
  ["line6", 2, "DELIVERED DELIVERED"],
  ["line6", 3, "FORWARDING_OFF"],
  ["line6", 4, "DELIVERED DELIVERED"],
  ["line6", 9, "DELIVERED NO_ROUTE"],
  ["line6", 12, "PROHIBIT_ROUTE"],
  ...SETTINGS.map(([ends], i) => ["settings", i + 1, ends] as const),
];

/** `LASTHOP_TOPOLOGIES=cluster:1-100` tries a range instead of the chosen ones. */
function casesToTry(): readonly Case[] {
  const range = /^(diamond|cluster|frames|line6|settings):(\d+)-(\d+)$/.exec(process.env.LASTHOP_TOPOLOGIES ?? "");
  if (range === null) return CHOSEN.map(([shape, seed, ends]) => ({ shape, seed, ends }));
  const [shape, low, high] = [range[1] as Case["shape"], Number(range[2]), Number(range[3])];
  return Array.from({ length: high - low + 1 }, (_, i) => ({ shape, seed: low + i, ends: endsChosen(shape, low + i) }));
}

function endsChosen(shape: Case["shape"], seed: number): string | null {
  return CHOSEN.find(([chosen, of]) => chosen === shape && of === seed)?.[2] ?? null;
}

type Counts = Awaited<ReturnType<LiveTopology["counters"]>>;

/** What rises where a packet that came in ends so: the node and the reason are told twice. */
const COUNTERS: Readonly<Record<4 | 6, Partial<Record<Disposition, string>>>> = {
  4: {
    FORWARDING_OFF: "IpInAddrErrors",
    RP_FILTER: "TcpExtIPReversePathFilter",
    NO_ROUTE: "IpExtInNoRoutes",
    TTL_EXCEEDED: "IpInHdrErrors",
  },
  6: { FORWARDING_OFF: "Ip6InAddrErrors", NO_ROUTE: "Ip6InNoRoutes" },
};

/** The counter of the node where a leg ends; null where none tells it, or the packet never left its sender. */
function counterOf(leg: Branch, family: 4 | 6): { readonly node: string; readonly name: string } | null {
  const name = COUNTERS[family][leg.end];
  const isAtSender = leg.steps.at(-1)?.kind === "route-output";
  return name === undefined || isAtSender ? null : { node: leg.netns.slice(0, -"/host".length), name };
}

function endsOf(branches: readonly Branch[]): string {
  return branches.map((b) => [b.end, ...b.reply.map((r) => r.end)].join(" ")).join(", ");
}

describe.skipIf(process.getuid?.() !== 0)("a walk and the kernel agree (needs root, for network namespaces)", () => {
  describe.each(casesToTry())("$shape $seed", ({ shape, seed, ends }) => {
    const topology = MAKERS[shape](seed);
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
      const words = `${topology.faults.join("; ")} → ${topology.address}: ${endsOf(branches)}`;
      expect(branches.map(arrives), words).toEqual([ends === "UNKNOWN" ? null : answer[protocol]]);
      if (protocol === "udp") {
        expect(
          branches.map((b) => b.end === "DELIVERED"),
          words,
        ).toEqual([answer.udpReceived]);
      }
      if (protocol === "tcp" && ends !== null) expect(endsOf(branches), words).toBe(ends);
      for (const leg of branches.flatMap((b) => [b, ...b.reply])) {
        const counter = counterOf(leg, topology.family);
        if (counter === null) continue;
        const count = (counts: Counts) => counts.get(counter.node)?.get(counter.name) ?? 0;
        expect(count(after) - count(before), `${counter.name} of ${counter.node}: ${words}`).toBeGreaterThan(0);
      }
    });
  });
});
