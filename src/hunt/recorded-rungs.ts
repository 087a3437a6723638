import type { Suspect, Tried } from "../think/explain/suspect.ts";
import type { Branch } from "../think/walk/branch.ts";
import type { RungName } from "../verdict/verdict.ts";
import type { Examined } from "./examine.ts";
import { finding, type Rung } from "./findings.ts";
import type { Recording } from "./recorded.ts";
import { captureRung } from "./rungs/capture.ts";
import { httpRung } from "./rungs/http.ts";
import { kernelRung, reachRung } from "./rungs/probes.ts";

function notProbed(rung: RungName): Rung {
  return { rung, status: "skipped", headline: finding("not-probed-offline", {}), lines: [], evidence: [] };
}

/** The symptom as a recording met it: the flows to that address that were under way. */
export function recordedTopRung(rung: "http" | "dns", symptom: readonly Examined[], evidence: readonly string[]): Rung {
  const flows = symptom.reduce((sum, e) => sum + e.tried.tries.length, 0);
  if (flows === 0) return notProbed(rung);
  const { headline, ...told } = httpRung(rung, symptom, null, null, evidence);
  return { ...told, headline: finding("offline-captures", { flows }), lines: [headline, ...told.lines] };
}

export function recordedReachRung(tried: readonly Tried[], most: number, evidence: readonly string[]): Rung {
  const met = tried.filter((t) => t.tries.length > 0);
  return met.length === 0 ? notProbed("reach") : reachRung(met, most, evidence);
}

export function recordedCaptureRung(
  recording: Recording,
  suspect: Suspect | null,
  healed: Branch | null,
  flows: number,
  lostTaps: readonly string[],
): Rung {
  if (recording.reports.length === 0) return notProbed("capture");
  const headline = finding("offline-captures", { flows });
  if (suspect === null || suspect.witness === "unwitnessed") {
    const status = suspect === null && flows > 0 ? "ok" : "skipped";
    return { rung: "capture", status, headline, lines: [], evidence: [] };
  }
  const told = captureRung(suspect, healed, flows, lostTaps);
  return { ...told, headline, lines: [told.headline, ...told.lines] };
}

export function recordedKernelRung(recording: Recording, suspect: Suspect | null): Rung {
  return recording.moved.size === 0 ? notProbed("kernel") : kernelRung(suspect, recording.moved, []);
}
