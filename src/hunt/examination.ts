import type { Tried } from "../think/explain/suspect.ts";
import type { Flow, Walk } from "../think/walk/branch.ts";
import type { Probe, ProbeResult } from "../witness/probe/probe.ts";
import type { Frame, TapReport } from "../witness/sighting.ts";
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
  /** When the last tap was stopped, by our own clock. */
  readonly endedAt: number;
  /** Files of raw captures. */
  readonly kept: readonly string[];
}
