import type { Counters } from "../facts/netns.ts";
import { phrase } from "../facts/phrase.ts";
import type { NetnsId, Source } from "../facts/provenance.ts";
import { linksOf, netnsWith, type World } from "../facts/world.ts";
import { parseCounters } from "../read/parse/counters.ts";
import { parseConntrackStats } from "../read/parse/conntrack-stats.ts";
import { parseLinkCounters } from "../read/parse/link-counters.ts";
import { parseQueueDrops } from "../read/parse/queue-drops.ts";
import { text } from "../read/transport/reader.ts";
import { byLinkName, diffCounters } from "../witness/counters/diff-counters.ts";
import { type TunnelPorts, withVxlanPorts } from "../witness/decode/tunnels.ts";
import { watchDrops } from "../witness/drops/watch-drops.ts";
import type { Place } from "../witness/tap/place.ts";
import { startTap, type Tap } from "../witness/tap/start-tap.ts";
import { tapFilter } from "../witness/tap/tap-filter.ts";
import type { Examination, Trial } from "./examination.ts";
import type { Field, Notebook } from "./field.ts";
import { placeOf } from "./place.ts";
import type { Moved } from "./rungs/probes.ts";

/** In pods behind the symptom: whom do they call themselves? pcap-filter(7) knows TCP's flags for IPv4 alone. */
const ANY_SYN = "(tcp[tcpflags] & tcp-syn != 0) or (ip6[6] == 6 and ip6[53] & 2 != 0)";

/** A tap ends by itself on its node after this, whatever becomes of us. */
const TAP_DEADLINE_MS = 60_000;

export interface Watch {
  stop(notebook: Notebook): Promise<Pick<Examination, "frames" | "reports" | "moved" | "reasons" | "kept">>;
}

/** Taps, and the counters before and after, in every netns that the walks cross and where their destinations live. */
export async function startWatch(field: Field, trials: readonly Trial[], also: readonly NetnsId[]): Promise<Watch> {
  const ids = new Set<NetnsId>([...trials.map((t) => t.probe.from.netns), ...also]);
  for (const { walk } of trials) {
    for (const branch of walk.branches) {
      for (const part of [branch, ...branch.reply]) for (const step of part.steps) ids.add(step.netns);
      const owner = netnsWith(field.world, branch.destination.ip)[0]?.id;
      if (owner !== undefined) {
        ids.add(owner);
        ids.add(`${owner.slice(0, owner.indexOf("/"))}/host`);
      }
    }
  }
  const places = [...ids].map((id): Place | null => placeOf(field.world, id)).filter((place) => place !== null);
  const tunnelPorts = tunnelPortsOf(field.world);
  const filter = tapFilter(
    trials.map(({ flow, walk }) => ({
      protocol: flow.protocol,
      ports:
        flow.protocol === "icmp"
          ? []
          : [flow.dport, ...walk.branches.map((b) => b.destination.port)].filter((p) => p > 0),
    })),
    tunnelPorts,
  );
  const taps: Tap[] = await Promise.all(
    places.map((place) =>
      startTap(field.reader, place, {
        filter: also.includes(place.netns) ? `${filter} or ${ANY_SYN}` : filter,
        tunnelPorts,
        limits: { ...field.limits, timeoutMs: TAP_DEADLINE_MS },
        keepIn: field.keepIn,
      }),
    ),
  );
  const drops = await Promise.all(kernelsOf(field, places).map((node) => watchDrops(field.reader, node, field.limits)));
  const before = await readCounters(field, places);
  return {
    async stop(notebook) {
      const after = await readCounters(field, places);
      const results = await Promise.all(taps.map((tap) => tap.stop()));
      const dropped = await Promise.all(drops.map((watch) => watch.stop()));
      for (const report of dropped) notebook.miss(report.notChecked);
      notebook.miss(
        results.flatMap((r) => r.lost.map(({ path, why }) => ({ what: phrase("capture-file", { path }), why }))),
      );
      return {
        reasons: dropped.flatMap((report) => report.events.map(({ reason, count }) => ({ reason, count }))),
        frames: results.flatMap((r) => r.frames),
        reports: results.map((r) => r.report),
        kept: results.flatMap((r) => r.kept),
        moved: movedBetween(before, after),
      };
    },
  };
}

/** One node of each kernel that these places run on: nodes that share a boot id are namespaces of one machine. */
function kernelsOf(field: Field, places: readonly Place[]): readonly string[] {
  const kernelOf = (node: string): string => field.bootIds.get(node) ?? node;
  const wanted = new Set(places.map(({ node }) => kernelOf(node)));
  const speakers = new Map<string, string>();
  for (const { name } of field.cluster.nodes) {
    const kernel = kernelOf(name);
    if (wanted.has(kernel) && !speakers.has(kernel) && field.reader.nodes.includes(name)) speakers.set(kernel, name);
  }
  return [...speakers.values()];
}

/** The usual ports, and those that the VXLAN devices of this cluster's nodes use: a pod's own ones carry nobody's packets. */
export function tunnelPortsOf(world: World): TunnelPorts {
  return withVxlanPorts(
    [...world.netns.values()]
      .filter(({ path }) => path === null)
      .flatMap((host) => linksOf(host).flatMap((l) => (l.vxlan === null ? [] : [l.vxlan.dstPort]))),
  );
}

async function readCounters(field: Field, places: readonly Place[]): Promise<ReadonlyMap<NetnsId, Counters>> {
  const read = await Promise.all(
    places.map(async (place): Promise<readonly [NetnsId, Counters]> => {
      const files = place.path === null ? [...COUNTERS, ...COUNTERS_OF_NODES] : COUNTERS;
      const outputs = await field.reader.run(
        place.node,
        files.map(({ name, argv }) => ({ name, argv, netns: place.path })),
        field.limits,
      );
      const counters = new Map<string, bigint>();
      for (const [i, output] of outputs.entries()) {
        if (output.failure !== null) continue;
        const { argv, parse } = files[i] as CounterFile;
        for (const [name, value] of parse(text(output), { ...place, argv, at: output.at })) counters.set(name, value);
      }
      return [place.netns, counters];
    }),
  );
  return new Map(read);
}

/** What rose between two readings; a counter that fell was reset, and says nothing. */
export function movedBetween(before: ReadonlyMap<NetnsId, Counters>, after: ReadonlyMap<NetnsId, Counters>): Moved {
  const moved = new Map<NetnsId, { name: string; delta: number }[]>();
  for (const [netns, now] of after) {
    const then = before.get(netns);
    if (then === undefined) continue;
    const rows = diffCounters(then, now).map(({ name, delta }) => ({ name, delta: Number(delta) }));
    moved.set(
      netns,
      rows.filter((row) => row.delta > 0),
    );
  }
  return moved;
}

interface CounterFile {
  readonly name: string;
  readonly argv: readonly string[];
  readonly parse: (text: string, source: Source) => Counters;
}

const COUNTERS: readonly CounterFile[] = [
  {
    name: "counters",
    argv: ["cat", "/proc/net/snmp", "/proc/net/netstat"],
    parse: (text, source) => parseCounters(text, source).value,
  },
  {
    name: "link-counters",
    argv: ["cat", "/proc/net/dev"],
    parse: (text, source) => byLinkName(parseLinkCounters(text, source).value),
  },
];

/** What a pod's namespace has little use for; absent without connection tracking, or without iproute2's tc. */
const COUNTERS_OF_NODES: readonly CounterFile[] = [
  {
    name: "conntrack-stats",
    argv: ["cat", "/proc/net/stat/nf_conntrack"],
    parse: (text, source) => parseConntrackStats(text, source).value,
  },
  { name: "queue-drops", argv: ["tc", "-s", "qdisc", "show"], parse: parseQueueDrops },
];
