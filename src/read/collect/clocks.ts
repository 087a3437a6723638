import { type Phrase, phrase } from "../../facts/phrase.ts";
import type { NodeName } from "../../facts/provenance.ts";
import type { NotChecked } from "../../facts/world.ts";
import { type Command, type Output, text } from "../transport/reader.ts";

/** The first of its round, so that nothing else lies between the asking and the answer. */
export const CLOCK: Command = { name: "clock", argv: ["date", "+%s.%N"], netns: null };

/** How far a node's clock is ahead of ours, in milliseconds: at least and at most, for the answer takes its time. */
export interface ClockOffset {
  readonly leastMs: number;
  readonly mostMs: number;
}

/** Logs, leases and certificates tell in seconds: what is less misleads nobody. */
const TOLERATED_MS = 1000;
const SECOND_MS = 1000;

/** Null where `date` did not say. BusyBox's knows no %N and tells the second alone. */
export function clockOffset(output: Output | undefined): ClockOffset | null {
  if (output === undefined || output.failure !== null || output.status !== 0) return null;
  const [, seconds, fraction] = /^(\d{1,12})(?:\.(\d{9}))?/.exec(text(output)) ?? [];
  const askedAt = Date.parse(output.at);
  if (seconds === undefined || Number.isNaN(askedAt)) return null;
  const toldMs = Number(seconds) * SECOND_MS + Number(fraction ?? 0) / 1e6;
  const vagueMs = fraction === undefined ? SECOND_MS : 0;
  return { leastMs: toldMs - (askedAt + output.durationMs), mostMs: toldMs + vagueMs - askedAt };
}

/**
 * Nodes whose clocks are not those of the most: what they log, and when they say that something was, fits nothing that others
 * say. No packet is lost by it, and nothing here is put in order by it: it is a risk and no cause.
 */
export function tellSkews(offsets: ReadonlyMap<NodeName, ClockOffset>): readonly NotChecked[] {
  const all = [...offsets];
  const likeness = all.map(([, one]) => all.filter(([, other]) => differenceMs(one, other) === 0).length);
  const most = all[likeness.indexOf(Math.max(...likeness))];
  if (most === undefined) return [];
  const [reference, usual] = most;
  return all.flatMap(([node, offset]): readonly NotChecked[] => {
    const byMs = differenceMs(offset, usual);
    if (byMs === 0) return [];
    return [{ what: phrase("times-of", { node }), why: skewPhrase(byMs, reference) }];
  });
}

function skewPhrase(byMs: number, reference: NodeName): Phrase {
  const bySeconds = Math.round(Math.abs(byMs) / SECOND_MS);
  return phrase(byMs > 0 ? "clock-ahead" : "clock-behind", { bySeconds, reference });
}

/** By how much the one is ahead of the other at the least; 0 where they may be as good as one. */
function differenceMs(one: ClockOffset, other: ClockOffset): number {
  const ahead = one.leastMs - other.mostMs;
  const behind = other.leastMs - one.mostMs;
  if (ahead > TOLERATED_MS) return ahead;
  return behind > TOLERATED_MS ? -behind : 0;
}
