import { netnsNameOf, nodeOf } from "../../facts/provenance.ts";
import { linksOf, type World } from "../../facts/world.ts";
import { nameFinding } from "../causes/catalogue.ts";
import type { Edit } from "../walk/edits/edit.ts";
import type { Point } from "./points.ts";
import { expectedPoints, samePlace } from "./points.ts";
import type { Suspect } from "./suspect.ts";

export type Confidence = "confirmed" | "likely" | "suspected";

/** One cheapest way to deliver request and reply. */
export interface Correction {
  /** In the order of the path. */
  readonly edits: readonly Edit[];
  /** It reverts what departs; a bypass never is a cause. */
  readonly isCure: boolean;
}

/** A mechanism, the fact that it rests on, and how sure that is. */
export interface NamedCause {
  readonly id: string;
  /** Null for what no node owns. */
  readonly node: string | null;
  readonly netns: string | null;
  readonly object: string;
  readonly found: string | null;
  readonly wanted: string | null;
  readonly params: Readonly<Record<string, string>>;
  readonly confidence: Confidence;
  /** What a repair of this cause would change. */
  readonly edits: readonly Edit[];
  /** The edits deliver by themselves: nothing is broken behind them on this path. */
  readonly proven: boolean;
  readonly suspects: readonly Suspect[];
}

export interface Evidence {
  readonly world: World;
  /** All ties at the least cost, best first; empty when there is none within the bound. */
  readonly corrections: (suspect: Suspect) => readonly Correction[];
  readonly describe: (edit: Edit) => {
    readonly object: string;
    readonly found: string | null;
    readonly wanted: string | null;
  };
  /** A kernel that was asked answered otherwise than the walk. */
  readonly kernelDissents: (suspect: Suspect) => boolean;
}

/** Names what stops each suspect; suspects with one cause are joined. The surest and the most telling first. */
export function explain(suspects: readonly Suspect[], evidence: Evidence): readonly NamedCause[] {
  const named = suspects.flatMap((suspect) => causesOf(suspect, evidence));
  const joined = new Map<string, NamedCause>();
  for (const cause of named) {
    const key = [cause.id, cause.node, cause.netns, cause.object].join("\n");
    const before = joined.get(key);
    joined.set(key, before === undefined ? cause : join(before, cause));
  }
  return [...joined.values()].sort(
    (a, b) =>
      rank(a.confidence) - rank(b.confidence) || failures(b) - failures(a) || b.suspects.length - a.suspects.length,
  );
}

function causesOf(suspect: Suspect, evidence: Evidence): readonly NamedCause[] {
  const { predicted, witness } = suspect;
  // Between prediction and witness the witness wins: a walk that ends elsewhere explains nothing.
  if (predicted === null || witness === "dissent") return fabricCause(suspect, evidence.world);
  const closed = closedPort(suspect);
  if (closed !== null) return [closed];
  const corrections = evidence.corrections(suspect);
  const best = corrections.find((c) => c.isCure);
  if (best === undefined) return [];
  const cures = corrections.filter((c) => c.isCure && c.edits.length === best.edits.length);
  const witnessed = witness === "agree" && suspect.failed > 0;
  const certain =
    witnessed && cures.length === 1 && predicted.at.end !== "UNKNOWN" && !evidence.kernelDissents(suspect);
  const confidence: Confidence = certain
    ? "confirmed"
    : witnessed || predicted.at.end !== "UNKNOWN"
      ? "likely"
      : "suspected";
  return nameEdits(best.edits, suspect, confidence, evidence);
}

/** Causes in series: the first on the path has the confidence, those behind it wait for its repair. */
function nameEdits(
  edits: readonly Edit[],
  suspect: Suspect,
  confidence: Confidence,
  evidence: Evidence,
): readonly NamedCause[] {
  const causes: NamedCause[] = [];
  let rest = edits;
  while (rest.length > 0 && suspect.predicted !== null) {
    const finding = nameFinding({ world: evidence.world, at: suspect.predicted.at, edits: rest });
    const covers = finding?.recognised.covers ?? 1;
    const edit = rest[finding?.recognised.object ?? 0];
    if (edit === undefined) break;
    const described = evidence.describe(edit);
    const netns = netnsNameOf(edit.netns);
    const node = nodeOf(edit.netns);
    causes.push({
      id: finding?.cause.id ?? "unnamed",
      node,
      netns,
      ...described,
      params: { ...finding?.recognised.params, node, netns, object: described.object, ...texts(described) },
      confidence: causes.length === 0 ? confidence : confidence === "confirmed" ? "likely" : "suspected",
      edits: rest.slice(0, covers),
      proven: covers === edits.length,
      suspects: [suspect],
    });
    rest = rest.slice(covers);
  }
  return causes;
}

function texts({
  found,
  wanted,
}: {
  readonly found: string | null;
  readonly wanted: string | null;
}): Record<string, string> {
  return { ...(found === null ? {} : { found }), ...(wanted === null ? {} : { wanted }) };
}

/** The host is reached and has no socket there: the fact that decides is the socket's absence. */
function closedPort(suspect: Suspect): NamedCause | null {
  const at = suspect.predicted?.at;
  if (at?.end !== "PORT_CLOSED" || suspect.predicted?.leg !== "request") return null;
  const node = nodeOf(at.netns);
  const netns = netnsNameOf(at.netns);
  const object = `socket ${suspect.tried.flow.protocol} ${at.destination.port}`;
  return {
    id: "port-closed",
    node,
    netns,
    object,
    found: null,
    wanted: "LISTEN",
    params: {
      node,
      netns,
      object,
      port: String(at.destination.port),
      pod: netns.startsWith("pod:") ? netns.slice(4) : node,
    },
    confidence: suspect.witness === "agree" ? "confirmed" : "likely",
    edits: [],
    proven: false,
    suspects: [suspect],
  };
}

/** Sent into a segment by one node and never received by the other, both taps proven alive. Likely at best: we do not own the fabric. */
function fabricCause(suspect: Suspect, world: World): readonly NamedCause[] {
  const { lastHop } = suspect;
  if (lastHop === null || lastHop.direction !== "out" || suspect.offPath.length > 0 || suspect.lastSeen === 0)
    return [];
  const expected = expectedPoints(suspect.branch);
  const at = expected.findIndex((p) => samePlace(p, lastHop));
  const next = expected[at + 1];
  const absent = suspect.hops.find((hop) => next !== undefined && samePlace(hop.point, next));
  if (next === undefined || absent?.seen !== 0 || !onOneSegment(world, lastHop, next) || hasXdp(world, next)) return [];
  const from = nodeOf(lastHop.netns);
  const to = nodeOf(next.netns);
  const object = `segment ${from}:${lastHop.link} ${to}:${next.link}`;
  return [
    {
      id: "fabric-drop",
      node: null,
      netns: null,
      object,
      found: null,
      wanted: null,
      params: { from, to, object },
      confidence: "likely",
      edits: [],
      proven: false,
      suspects: [suspect],
    },
  ];
}

function onOneSegment(world: World, a: Point, b: Point): boolean {
  return world.wires.some(
    (w) =>
      w.kind === "segment" &&
      w.ends.some((e) => e.netns === a.netns && e.link === a.link) &&
      w.ends.some((e) => e.netns === b.netns && e.link === b.link),
  );
}

/** An XDP drop looks like loss in the fabric. */
function hasXdp(world: World, at: Point): boolean {
  return linksOf(world.netns.get(at.netns)).some((l) => l.name === at.link && l.xdp);
}

function join(a: NamedCause, b: NamedCause): NamedCause {
  const [surer, other] = rank(a.confidence) <= rank(b.confidence) ? [a, b] : [b, a];
  return { ...surer, proven: surer.proven || other.proven, suspects: [...surer.suspects, ...other.suspects] };
}

function rank(confidence: Confidence): number {
  return ["confirmed", "likely", "suspected"].indexOf(confidence);
}

function failures(cause: NamedCause): number {
  return cause.suspects.reduce((sum, s) => sum + s.failed, 0);
}
