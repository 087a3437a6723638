import { nodeOf } from "../../facts/provenance.ts";
import { KERNEL_SIGNS, LOSS_COUNTERS } from "../../think/explain/kernel-signs.ts";
import type { Suspect, Tried } from "../../think/explain/suspect.ts";
import { endText } from "../../think/walk/branch.ts";
import type { Examined } from "../examination.ts";
import type { AnswerCount, Finding, Rung } from "../findings.ts";
import { finding } from "../findings.ts";
import { placeName } from "./capture.ts";
import type { RulePackets } from "./rule-packets.ts";

export function countAnswers(outcomes: readonly string[]): readonly AnswerCount[] {
  const counts = new Map<string, number>();
  for (const outcome of outcomes) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  return [...counts].map(([outcome, count]) => ({ outcome, count }));
}

export function reachFinding(tried: Tried): Finding {
  const answered = tried.tries.filter((t) => t.answered).length;
  return finding("reach-line", {
    ...wayOf(tried),
    answered,
    attempts: tried.tries.length,
    how: countAnswers(tried.tries.filter((t) => !t.answered).map((t) => t.outcome)),
  });
}

/** Each endpoint asked directly, from where the symptom reaches it; failures first. */
export function reachRung(direct: readonly Tried[], most: number, evidence: readonly string[]): Rung {
  const sorted = direct.filter((t) => t.tries.length > 0).sort((a, b) => share(a) - share(b));
  const findings = sorted.map(reachFinding);
  const [headline, ...lines] = findings;
  if (headline === undefined) {
    const code = direct.length === 0 ? "not-needed" : "not-tried";
    const status = direct.length === 0 ? "skipped" : "unknown";
    return { rung: "reach", status, headline: finding(code, {}), lines: [], evidence };
  }
  const status = sorted.every((t) => share(t) === 1) ? (sorted.length < direct.length ? "unknown" : "ok") : "failed";
  return { rung: "reach", status, headline, lines: lines.slice(0, most - 1), evidence };
}

function wayOf({ flow }: Tried): { readonly from: string; readonly to: string } {
  return { from: placeName(flow.from), to: endText(flow.protocol, flow.dst, flow.dport) };
}

/** With what the symptom's place did by itself, which says what bare connections of ours do not. */
export function withAdopted(rung: Rung, adopted: readonly Examined[]): Rung {
  const met = adopted.map((e) => e.tried).filter((t) => t.tries.length > 0);
  if (met.length === 0) return rung;
  const lines = met.map((tried) => {
    const delivered = tried.tries.filter((t) => t.answered).length;
    const answered = tried.tries.filter((t) => t.answered && t.outcome === "answered").length;
    return finding("reach-own", { ...wayOf(tried), attempts: tried.tries.length, delivered, answered });
  });
  const isLost = met.some((t) => share(t) < 1);
  return { ...rung, status: isLost ? "failed" : rung.status, lines: [...lines, ...rung.lines] };
}

function share(tried: Tried): number {
  return tried.tries.filter((t) => t.answered).length / tried.tries.length;
}

/** Counters that moved while the probes ran, by netns. */
export type Moved = ReadonlyMap<string, readonly { readonly name: string; readonly delta: number }[]>;

/** Of several readings, which may overlap, the most that any of them saw. */
export function mostMoved(readings: readonly Moved[]): Moved {
  const most = new Map<string, Map<string, number>>();
  for (const [netns, rows] of readings.flatMap((reading) => [...reading])) {
    const known = most.get(netns) ?? new Map<string, number>();
    for (const { name, delta } of rows) known.set(name, Math.max(delta, known.get(name) ?? 0));
    most.set(netns, known);
  }
  return new Map([...most].map(([netns, rows]) => [netns, [...rows].map(([name, delta]) => ({ name, delta }))]));
}

export function kernelRung(
  suspect: Suspect | null,
  moved: Moved,
  reasons: readonly { readonly reason: string; readonly count: number }[],
  byRule: RulePackets | null = null,
): Rung {
  const at = suspect?.predicted?.at ?? null;
  const signs = at === null ? { reasons: [], counters: [] } : KERNEL_SIGNS[at.end];
  const lines: Finding[] = [];
  const netns = at?.netns ?? suspect?.lastHop?.netns ?? null;
  for (const { name, delta } of netns === null ? [] : (moved.get(netns) ?? [])) {
    if (delta > 0 && (signs.counters.includes(name) || LOSS_COUNTERS.includes(name) || isWhereItEnds(name, suspect))) {
      lines.push(finding("kernel-counter", { node: nodeOf(netns ?? ""), name, delta }));
    }
  }
  if (byRule !== null && byRule.packets > 0) {
    lines.push(finding("kernel-rule", { node: nodeOf(netns ?? ""), ...byRule }));
  }
  for (const { reason, count } of reasons) {
    if (signs.reasons.includes(reason)) lines.push(finding("kernel-reason", { reason, count }));
  }
  if (netns !== null && !moved.has(netns) && lines.length === 0)
    return { rung: "kernel", status: "unknown", headline: finding("not-read", {}), lines: [], evidence: [] };
  const [headline = finding("kernel-quiet", {}), ...rest] = lines;
  return { rung: "kernel", status: lines.length > 0 ? "failed" : "ok", headline, lines: rest, evidence: [] };
}

/**
 * What a link, its queue or its filters gave up, where packets were last seen: a filter behind the tap of a link by which they came
 * in, the link by which they left, the queue of the next one. Elsewhere links drop much that is nobody's loss.
 */
function isWhereItEnds(name: string, suspect: Suspect | null): boolean {
  const last = suspect?.lastHop ?? null;
  if (last === null) return false;
  const [link, counter = ""] = name.split(" ");
  if (link === last.link) {
    const own = last.direction === "out" ? ["tx_dropped", "tx_errors"] : ["clsact_dropped", "ingress_dropped"];
    return own.includes(counter);
  }
  const next = suspect?.next ?? null;
  const isQueue = counter.endsWith("_dropped") && !/^[rt]x_/.test(counter);
  return isQueue && next !== null && next.netns === last.netns && next.link === link && next.direction === "out";
}

/** The kernel's own word for the loss: a drop reason before a counter; null when it said nothing. */
export function reasonOf(
  suspect: Suspect,
  moved: Moved,
  reasons: readonly { readonly reason: string; readonly count: number }[],
): string | null {
  const at = suspect.predicted?.at;
  if (at === undefined) return null;
  const signs = KERNEL_SIGNS[at.end];
  const reason = reasons.find((r) => signs.reasons.includes(r.reason));
  if (reason !== undefined) return reason.reason;
  const counter = moved.get(at.netns)?.find((m) => m.delta > 0 && signs.counters.includes(m.name));
  return counter?.name ?? null;
}
