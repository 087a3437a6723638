import type { NetnsId } from "../facts/provenance.ts";
import { isBundle } from "../read/transport/bundle.ts";
import type { Frame, TapReport } from "../witness/sighting.ts";
import type { Field } from "./field.ts";
import { readCaptures } from "./recorded-captures.ts";
import { recordedCounters } from "./recorded-counters.ts";
import { type RecordedFlow, recordedFlows } from "./recorded-flows.ts";
import type { Moved } from "./rungs/probes.ts";

/** What a recording holds besides facts: packets that were under way, and counters around them. */
export interface Recording {
  readonly frames: readonly Frame[];
  readonly reports: readonly TapReport[];
  readonly trusted: ReadonlySet<NetnsId>;
  readonly flows: readonly RecordedFlow[];
  /** Flows whose sender is nobody that a walk could begin with. */
  readonly orphans: number;
  readonly moved: Moved;
  readonly files: readonly string[];
}

/** Nothing was captured: silence says nothing, and the facts have to tell. */
export function isMute({ reports }: Recording): boolean {
  return reports.length === 0;
}

const recordings = new WeakMap<Field, Promise<Recording>>();

/** Read once for each field. */
export function recordingOf(field: Field): Promise<Recording> {
  const known = recordings.get(field);
  if (known !== undefined) return known;
  const reading = readRecording(field);
  recordings.set(field, reading);
  return reading;
}

async function readRecording(field: Field): Promise<Recording> {
  const { reader, world } = field;
  if (!isBundle(reader)) {
    return { frames: [], reports: [], trusted: new Set(), flows: [], orphans: 0, moved: new Map(), files: [] };
  }
  const [captures, moved] = await Promise.all([readCaptures(reader, world), recordedCounters(reader, field)]);
  const { frames, reports, files } = captures;
  const trusted = new Set(reports.filter((r) => r.trustworthy).map((r) => r.netns));
  return { frames, reports, trusted, ...recordedFlows(frames, world), moved, files };
}

/** When the last packet was recorded, in milliseconds of its node's clock; null when none was. */
export function recordedUntil({ frames }: Recording): number | null {
  let last: bigint | null = null;
  for (const { atNs } of frames) if (last === null || atNs > last) last = atNs;
  return last === null ? null : Number(last / 1_000_000n);
}
