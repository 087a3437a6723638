import { sameIp } from "../facts/ip.ts";
import type { Tried, Try } from "../think/explain/suspect.ts";
import { arrives, type Branch } from "../think/walk/branch.ts";
import type { Examination } from "./examination.ts";
import { mostMoved } from "./rungs/probes.ts";

/** Of the chance, from 0 to 1, that all further tries miss the branch as well. */
const CHANCE_TO_MISS = 0.005;
/** They go side by side: more would be a burst. */
const MOST_FURTHER = 64;

/**
 * How many more tries let the branch be met that is not known to arrive and that none of them took; 0 where there is none. Where
 * Linux chooses by chance, tries that were all answered prove nothing of it. Nor do direct probes of its endpoint: where the
 * symptom is forwarded, they take another way.
 */
export function triesToMeetMissed({ walk: { branches }, tries }: Tried): number {
  if (tries.length === 0 || branches.length < 2) return 0;
  const missed = branches.filter((b) => arrives(b) !== true && !tries.some((t) => tookBranch(t, b)));
  if (missed.length === 0) return 0;
  return triesToMeet(Math.min(...missed.map((b) => b.weight ?? 1 / branches.length)));
}

/** @param chance from 0 to 1, of one try */
export function triesToMeet(chance: number): number {
  return Math.min(MOST_FURTHER, Math.ceil(Math.log(CHANCE_TO_MISS) / Math.log1p(-chance)));
}

function tookBranch({ trail }: Try, { destination: { ip, port } }: Branch): boolean {
  const to = trail?.destination ?? null;
  return to !== null && sameIp(to.ip, ip) && to.port === port;
}

/** One after the other, as one. */
export function joined(first: Examination, second: Examination): Examination {
  return {
    examined: [...first.examined, ...second.examined],
    frames: [...first.frames, ...second.frames],
    reports: [...first.reports, ...second.reports],
    moved: mostMoved([first.moved, second.moved]),
    reasons: [...first.reasons, ...second.reasons],
    endedAt: second.endedAt,
    kept: [...first.kept, ...second.kept],
  };
}
