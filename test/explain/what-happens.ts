import type { Cluster } from "../../src/facts/cluster.ts";
import { ip } from "../../src/facts/ip.ts";
import type { NetnsId } from "../../src/facts/provenance.ts";
import type { World } from "../../src/facts/world.ts";
import { type Field, Notebook } from "../../src/hunt/field.ts";
import { type Reckoning, reckon } from "../../src/hunt/reckon.ts";
import type { Moved } from "../../src/hunt/rungs/probes.ts";
import type { NamedCause } from "../../src/think/explain/explain.ts";
import { expectedPoints, type Point } from "../../src/think/explain/points.ts";
import type { Tried, Try } from "../../src/think/explain/suspect.ts";
import { arrives, type Branch, type Flow, failingLeg, tapPoints } from "../../src/think/walk/branch.ts";
import { applyEdits } from "../../src/think/walk/edits/edit-kinds.ts";
import { walk } from "../../src/think/walk/walk.ts";
import { clusterOf } from "./objects.ts";

/** How the tries are made, and who listens. */
export interface Watch {
  readonly attempts: number;
  readonly tapped: (netns: NetnsId) => boolean;
  /** Taps that lost packets prove nothing by their silence. */
  readonly trusted: (netns: NetnsId) => boolean;
  /** What they lost. */
  readonly lost?: (point: Point) => boolean;
}

export const EVERYWHERE: Watch = { attempts: 3, tapped: () => true, trusted: () => true };
export const NOWHERE: Watch = { attempts: 3, tapped: () => false, trusted: () => false };

export function flowTo(from: NetnsId, dst: string, dport: number, parts: Partial<Flow> = {}): Flow {
  return { from, src: null, dst: ip(dst), protocol: "tcp", sport: 29_999, dport, bytes: 60, ...parts };
}

/**
 * A flow as it is walked by what is believed, and tried in what is real: where the two differ there is something that no walk
 * knows of. Tries take the real branches in turn.
 */
export function triedIn(believed: World, real: World, flow: Flow, watch: Watch = EVERYWHERE): Tried {
  const { branches } = walk(real, flow);
  const tries = Array.from({ length: watch.attempts }, (_, i): Try => {
    const branch = branches[i % branches.length];
    if (branch === undefined) throw new Error("nothing is walked");
    return tryOf(branch, watch);
  });
  const trusted = new Set([...real.netns.keys()].filter((id) => watch.tapped(id) && watch.trusted(id)));
  return { id: `${flow.from} ${flow.dst.text}`, flow, walk: walk(believed, flow), tries, trusted };
}

function tryOf(branch: Branch, { tapped, lost = () => false }: Watch): Try {
  const answered = arrives(branch) === true;
  const leg = failingLeg(branch);
  const isRefused = leg?.leg === "request" && ["PORT_CLOSED", "NETFILTER_REJECT"].includes(leg.at.end);
  const outcome = answered ? "answered" : isRefused ? "refused" : "timeout";
  const seen = expectedPoints(branch).filter((p) => tapped(p.netns) && !lost(p));
  const last = tapPoints(branch).findLast((p) => p.leg === "request" && tapped(p.netns))?.packet.headers;
  const header = last?.findLast((h) => h.kind === "ip");
  const transport = last?.findLast((h) => h.kind === "tcp" || h.kind === "udp");
  const port = transport?.kind === "tcp" || transport?.kind === "udp" ? transport.dport : 0;
  const destination = header?.kind === "ip" ? { ip: header.dst, port } : null;
  return {
    answered,
    outcome,
    ms: answered ? 1 : null,
    trail: tapped(branch.steps[0]?.netns ?? "") ? { points: seen, destination } : null,
  };
}

/** As the hunt does it, without any kernel to ask. */
export function reckonOf(
  believed: World,
  own: readonly Tried[],
  beside: readonly Tried[] = [],
  moved: Moved = new Map(),
  cluster: Cluster = clusterOf({}),
): Promise<Reckoning> {
  const field = {
    world: believed,
    cluster,
    now: () => 0,
    usedMs: () => 0,
    reader: { offline: true },
  } as unknown as Field;
  return reckon(field, own, beside, moved, [], new Notebook());
}

export async function causesOf(believed: World, ...own: readonly Tried[]): Promise<readonly NamedCause[]> {
  return (await reckonOf(believed, own)).causes;
}

/** `confirmed ip-forward-off k2 net.ipv4.ip_forward` */
export function told(cause: NamedCause): string {
  return `${cause.confidence} ${cause.id} ${cause.node} ${cause.object}`;
}

export function isSaid({ confidence }: NamedCause): boolean {
  return confidence !== "suspected";
}

/**
 * Does undoing it really help? It heals a flow that failed for it, or moves the loss on. A cause behind another one is tried
 * with that one undone.
 */
export function isTrue(cause: NamedCause, all: readonly NamedCause[], real: World): boolean {
  return cause.suspects.some(({ tried: { flow } }) => {
    if (cause.id === "port-closed") return walk(real, flow).branches.some((b) => b.end === "PORT_CLOSED");
    const before = all.slice(0, all.indexOf(cause)).flatMap((c) => c.edits);
    return [real, applyEdits(real, before)].some((world) => helps(world, cause, flow));
  });
}

function helps(world: World, cause: NamedCause, flow: Flow): boolean {
  const before = walk(world, flow).branches;
  const after = walk(applyEdits(world, cause.edits), flow).branches;
  if (before.every((b) => arrives(b) === true)) return false;
  if (after.every((b) => arrives(b) === true)) return true;
  return reach(after) > reach(before);
}

/** How far its packets come, over all branches. */
function reach(branches: readonly Branch[]): number {
  const lengths = branches.map((b) => b.steps.length + Math.max(0, ...b.reply.map((r) => r.steps.length)));
  return lengths.reduce((sum, n) => sum + n, 0) / lengths.length + branches.filter((b) => arrives(b) === true).length;
}
