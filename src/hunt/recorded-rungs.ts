import { samePlace } from "../think/explain/points.ts";
import type { Suspect, Tried } from "../think/explain/suspect.ts";
import { type Branch, endText } from "../think/walk/branch.ts";
import type { RungName } from "../verdict/verdict.ts";
import type { Examined } from "./examination.ts";
import { type Finding, finding, type Rung } from "./findings.ts";
import type { GatewayReading } from "./gateway.ts";
import { isMute, type Recording } from "./recorded.ts";
import { captureRung, placeName } from "./rungs/capture.ts";
import { httpRung } from "./rungs/http.ts";
import { kernelRung, reachRung } from "./rungs/probes.ts";

function notProbed(rung: RungName): Rung {
  return { rung, status: "skipped", headline: finding("not-probed-offline", {}), lines: [], evidence: [] };
}

/** The symptom as a recording met it: the flows to that address that were under way. */
export function recordedTopRung(
  rung: "http" | "dns",
  symptom: readonly Examined[],
  gateway: GatewayReading | null,
  evidence: readonly string[],
): Rung {
  const flows = symptom.reduce((sum, e) => sum + e.tried.tries.length, 0);
  const waiting = gateway?.lines ?? [];
  if (flows === 0) return { ...notProbed(rung), lines: waiting };
  const { headline, ...told } = httpRung(rung, symptom, null, null, evidence);
  return { ...told, headline: finding("offline-captures", { flows }), lines: [headline, ...waiting] };
}

export function recordedReachRung(tried: readonly Tried[], most: number, evidence: readonly string[]): Rung {
  const met = tried.filter((t) => t.tries.length > 0);
  return met.length === 0 ? notProbed("reach") : reachRung(met, most, evidence);
}

export function recordedCaptureRung(
  recording: Recording,
  suspect: Suspect | null,
  ofCause: readonly Suspect[],
  healed: Branch | null,
  flows: number,
  lostTaps: readonly string[],
): Rung {
  if (isMute(recording)) return notProbed("capture");
  const headline = finding("offline-captures", { flows });
  if (suspect === null || suspect.witness === "unwitnessed") {
    const status = suspect === null && flows > 0 ? "ok" : "skipped";
    return { rung: "capture", status, headline, lines: [], evidence: [] };
  }
  const told = captureRung(suspect, healed, flows, lostTaps);
  return { ...told, headline, lines: [asRecorded(told.headline), ...told.lines, ...alike(suspect, ofCause)] };
}

function asRecorded(title: Finding): Finding {
  return title.code === "capture-title" ? finding("capture-title", { ...title.params, recorded: true }) : title;
}

/** Other flows that were last seen at the same place. */
function alike(main: Suspect, ofCause: readonly Suspect[]): readonly Finding[] {
  const { lastHop } = main;
  const others = ofCause.filter(
    (s) =>
      s !== main && s.witness === "agree" && lastHop !== null && s.lastHop !== null && samePlace(s.lastHop, lastHop),
  );
  const flows = others.reduce((sum, s) => sum + s.lastSeen, 0);
  return flows === 0 ? [] : [finding("capture-alike", { flows, ways: others.map(wayOf) })];
}

function wayOf({ tried: { flow } }: Suspect): string {
  return `${flow.protocol} ${placeName(flow.from)} → ${endText(flow.protocol, flow.dst, flow.dport)}`;
}

export function recordedKernelRung(recording: Recording, suspect: Suspect | null): Rung {
  return recording.moved.size === 0 ? notProbed("kernel") : kernelRung(suspect, recording.moved, []);
}
