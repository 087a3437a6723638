import type { NetnsId } from "../facts/provenance.ts";
import { type Ip, sameIp } from "../facts/ip.ts";
import type { Counters } from "../facts/netns.ts";
import { linksOf, type NotChecked, type World } from "../facts/world.ts";
import { parseCounters } from "../read/parse/counters.ts";
import { text } from "../read/transport/reader.ts";
import { expectedPoints, type Point } from "../think/explain/points.ts";
import type { Trail, Tried } from "../think/explain/suspect.ts";
import type { Flow, Walk } from "../think/walk/branch.ts";
import { correlate } from "../witness/correlate/correlate.ts";
import { buildTrails } from "../witness/correlate/trail.ts";
import type { TrailPoint } from "../witness/correlate/trail-point.ts";
import { type Answer, attemptId, type Probe, type ProbeResult } from "../witness/probe/probe.ts";
import { sendProbes } from "../witness/probe/send-probes.ts";
import { type TunnelPorts, withVxlanPorts } from "../witness/decode/tunnels.ts";
import type { Frame, SeenHeader, TapReport } from "../witness/sighting.ts";
import { watchDrops } from "../witness/drops/watch-drops.ts";
import type { Place } from "../witness/tap/place.ts";
import { startTap, type Tap } from "../witness/tap/start-tap.ts";
import { tapFilter } from "../witness/tap/tap-filter.ts";
import type { Field, Notebook } from "./field.ts";
import { placeOf } from "./place.ts";
import type { Moved } from "./rungs/probes.ts";

/** A flow to be tried, and how. */
export interface Trial {
  readonly flow: Flow;
  readonly walk: Walk;
  readonly probe: Probe;
}

export interface Examined {
  readonly trial: Trial;
  readonly tried: Tried;
  readonly result: ProbeResult;
}

export interface Examination {
  readonly examined: readonly Examined[];
  readonly frames: readonly Frame[];
  readonly reports: readonly TapReport[];
  readonly moved: Moved;
  /** Why the kernels freed packets meanwhile; empty where that was not watched. Of the whole machine, not of a namespace. */
  readonly reasons: readonly { readonly reason: string; readonly count: number }[];
  /** Files of raw captures. */
  readonly kept: readonly string[];
}

/** Tries flows while every hop that their walks name is tapped: what was answered, and what was seen where. */
export async function examine(
  field: Field,
  trials: readonly Trial[],
  also: readonly NetnsId[],
  notebook: Notebook,
  during?: () => Promise<void>,
): Promise<Examination> {
  const watch = await startWatch(field, trials, also);
  const [results] = await Promise.all([
    sendProbes(
      field.reader,
      trials.map((trial) => trial.probe),
      field.random,
      field.limits.signal,
    ),
    during?.(),
  ]);
  const { frames, reports, moved, reasons, kept } = await watch.stop(notebook);
  const trusted = new Set(reports.filter((r) => r.trustworthy).map((r) => r.netns));
  for (const result of results) notebook.miss(result.notChecked);
  notebook.miss(results.flatMap(untoldTries));
  notebook.miss(
    reports
      .filter((r) => !r.trustworthy)
      .map((r) => ({ what: `absence of packets in ${r.netns}`, why: r.why ?? "the tap proved nothing" })),
  );
  const { sightings, unlearnt } = correlate(
    results.flatMap((r) => r.tracers),
    frames,
  );
  const untold = new Set(unlearnt.map((u) => u.id));
  const examined = trials.map((trial, i): Examined => {
    const result = asSent(results[i] as ProbeResult);
    const expected = distinctPoints(trial.walk);
    const mine = sightings.filter((s) => s.probe.startsWith(`${trial.probe.id}#`));
    const trails = new Map(buildTrails(mine, expected, () => trial.probe.from.netns).map((t) => [t.probe, t]));
    const tries = result.answers.map((answer) => {
      const id = attemptId(trial.probe, answer.n);
      const trail = trails.get(id);
      const isTold = trusted.has(trial.probe.from.netns) && !(untold.has(id) && sentSomething(frames, trial));
      // A connection that stood and then got no answer: the packets did their part, it is the server that is silent.
      const isConnected =
        answer.outcome === "timeout" &&
        trial.probe.kind === "http" &&
        cameBack(trail?.request ?? [], trail?.reply ?? [], trial.probe.from.netns);
      // Unless what was said on it got lost on a way that the bare SYN went: larger packets than the way takes.
      const said = isConnected ? trails.get(`${id}:data`) : undefined;
      const isLost = said !== undefined && endOf(said.request) !== endOf(trail?.request ?? []);
      return {
        answered: answer.outcome === "answered" || (isConnected && !isLost),
        outcome:
          answer.httpStatus !== null && answer.outcome === "answered" ? String(answer.httpStatus) : answer.outcome,
        ms: answer.ms,
        trail: !isTold ? null : isLost ? toTrail(said.request, []) : toTrail(trail?.request ?? [], trail?.reply ?? []),
      };
    });
    return { trial, result, tried: { id: trial.probe.id, flow: trial.flow, walk: trial.walk, tries, trusted } };
  });
  return { examined, frames, reports, moved, reasons, kept };
}

/** What a node had no tool for, or gave no word of, was no try: it says nothing of the network. */
function asSent(result: ProbeResult): ProbeResult {
  return { ...result, answers: result.tool === null ? [] : result.answers.filter(isTold) };
}

function isTold({ outcome, detail }: Answer): boolean {
  return outcome !== "no-tool" && (outcome !== "failed" || detail !== "");
}

function untoldTries({ probe, answers, tool }: ProbeResult): readonly NotChecked[] {
  const untold = answers.filter((answer) => !isTold(answer));
  if (tool === null || untold.length === 0) return [];
  return [
    {
      what: `${untold.length} of ${probe.attempts} tries from ${probe.from.netns}`,
      why: "the node did not say how they ended",
    },
  ];
}

/**
 * The far end's acceptance was seen where the try was sent from, and from whom it was sent to: an answer whose translation
 * nobody undid comes from a stranger, and is reset.
 */
function cameBack(request: readonly TrailPoint[], reply: readonly TrailPoint[], sender: NetnsId): boolean {
  const asked = request.findLast(({ sighting }) => sighting.netns === sender);
  const to = asked === undefined ? null : endsOf(asked.sighting.headers);
  return accepting(reply).some(({ sighting }) => {
    const from = endsOf(sighting.headers);
    return (
      sighting.netns === sender && to !== null && from !== null && sameIp(from.src, to.dst) && from.sport === to.dport
    );
  });
}

/** The netns where a leg was last seen. */
function endOf(points: readonly TrailPoint[]): NetnsId | null {
  return points.at(-1)?.sighting.netns ?? null;
}

/** Addresses and ports of the innermost packet. */
function endsOf(headers: readonly SeenHeader[]): { src: Ip; dst: Ip; sport: number; dport: number } | null {
  const ip = headers.findLast((h) => h.kind === "ip");
  const transport = headers.findLast((h) => h.kind === "tcp" || h.kind === "udp");
  if (ip?.kind !== "ip" || (transport?.kind !== "tcp" && transport?.kind !== "udp")) return null;
  return { src: ip.src, dst: ip.dst, sport: transport.sport, dport: transport.dport };
}

function accepting(reply: readonly TrailPoint[]): readonly TrailPoint[] {
  return reply.filter(
    ({ sighting }) => !sighting.headers.some((h) => (h.kind === "tcp" && h.rst) || h.kind === "quoted"),
  );
}

/** A packet to that address left the netns, but whose it was cannot be told. */
function sentSomething(frames: readonly Frame[], trial: Trial): boolean {
  return frames.some(
    (f) =>
      f.netns === trial.probe.from.netns && f.headers.some((h) => h.kind === "ip" && sameIp(h.dst, trial.flow.dst)),
  );
}

export function toTrail(request: readonly TrailPoint[], reply: readonly TrailPoint[]): Trail {
  const points = [...request, ...accepting(reply)].map(
    ({ sighting }): Point => ({
      netns: sighting.netns,
      link: sighting.link,
      direction: sighting.direction,
      leg: sighting.leg,
      header: sighting.header,
    }),
  );
  return { points, destination: destinationOf(request) };
}

function destinationOf(request: readonly TrailPoint[]): { readonly ip: Ip; readonly port: number } | null {
  const headers = request.at(-1)?.sighting.headers ?? [];
  const ends = endsOf(headers);
  if (ends !== null) return { ip: ends.dst, port: ends.dport };
  const ip = headers.findLast((h) => h.kind === "ip");
  return ip?.kind === "ip" ? { ip: ip.dst, port: 0 } : null;
}

/** Points of all branches, each once: a trail is put in order by them. */
export function distinctPoints(walk: Walk) {
  const points = walk.branches.flatMap((branch) => expectedPoints(branch));
  return points
    .filter((p): p is Point & { direction: "in" | "out" } => p.direction !== null)
    .filter(
      (p, i, all) =>
        all.findIndex(
          (q) =>
            q.netns === p.netns &&
            q.link === p.link &&
            q.direction === p.direction &&
            q.leg === p.leg &&
            q.header === p.header,
        ) === i,
    );
}

/** In pods behind the symptom: whom do they call themselves? pcap-filter(7) knows TCP's flags for IPv4 alone. */
const ANY_SYN = "(tcp[tcpflags] & tcp-syn != 0) or (ip6[6] == 6 and ip6[53] & 2 != 0)";

/** A tap ends by itself on its node after this, whatever becomes of us. */
const TAP_DEADLINE_MS = 60_000;

interface Watch {
  stop(notebook: Notebook): Promise<Pick<Examination, "frames" | "reports" | "moved" | "reasons" | "kept">>;
}

/** Taps, and the counters before and after, in every netns that the walks cross and where their destinations live. */
async function startWatch(field: Field, trials: readonly Trial[], also: readonly NetnsId[]): Promise<Watch> {
  const ids = new Set<NetnsId>([...trials.map((t) => t.probe.from.netns), ...also]);
  for (const { walk } of trials) {
    for (const branch of walk.branches) {
      for (const part of [branch, ...branch.reply]) for (const step of part.steps) ids.add(step.netns);
      const owner = ownerOf(field, branch.destination.ip);
      if (owner !== null) {
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

/** The usual ports, and those that this cluster's own VXLAN devices use. */
export function tunnelPortsOf(world: World): TunnelPorts {
  return withVxlanPorts(
    [...world.netns.values()].flatMap((n) => linksOf(n).flatMap((l) => (l.vxlan === null ? [] : [l.vxlan.dstPort]))),
  );
}

function ownerOf(field: Field, ip: Ip): NetnsId | null {
  for (const netns of field.world.netns.values()) {
    if (!netns.links.known) continue;
    if (netns.links.value.some((l) => l.kind !== "loopback" && l.addresses.some((a) => sameIp(a.ip, ip))))
      return netns.id;
  }
  return null;
}

async function readCounters(field: Field, places: readonly Place[]): Promise<ReadonlyMap<NetnsId, Counters>> {
  const read = await Promise.all(
    places.map(async (place): Promise<readonly [NetnsId, Counters]> => {
      const argv = ["cat", "/proc/net/snmp", "/proc/net/netstat"];
      const [output] = await field.reader.run(
        place.node,
        [{ name: "counters", argv, netns: place.path }],
        field.limits,
      );
      if (output === undefined || output.failure !== null) return [place.netns, new Map()];
      return [
        place.netns,
        parseCounters(text(output), { node: place.node, netns: place.netns, argv, at: output.at }).value,
      ];
    }),
  );
  return new Map(read);
}

export function movedBetween(before: ReadonlyMap<NetnsId, Counters>, after: ReadonlyMap<NetnsId, Counters>): Moved {
  const moved = new Map<NetnsId, { name: string; delta: number }[]>();
  for (const [netns, now] of after) {
    const then = before.get(netns);
    if (then === undefined) continue;
    const rows = [...now].flatMap(([name, value]) => {
      const delta = Number(value - (then.get(name) ?? value));
      return delta > 0 ? [{ name, delta }] : [];
    });
    moved.set(netns, rows);
  }
  return moved;
}
