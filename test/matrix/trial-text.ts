import { deathsOfSymptom, isSameHop, likeThem } from "./observe.ts";
import { countsText } from "./symptoms.ts";
import { hopText } from "./tcpdump-oracle.ts";
import type { Trial } from "./trial.ts";

/** `http://… (6 × 502)` */
export function trialText({ symptom, statuses }: Trial): string {
  return `${[symptom.input, ...(symptom.flags ?? [])].join(" ")} (${countsText(statuses)})`;
}

/**
 * Empty when the verdict's last hop is one where the oracle saw the symptom's packets die; or it saw none of the product's, and the
 * verdict says so: for a neighbour that is gone, a kernel sends for some seconds and then no more.
 */
export function wrongLastHop({ diagnosis, own, probes }: Trial): readonly string[] {
  const said = diagnosis.verdict?.lastHop ?? null;
  if (said !== null && said.interface === null && likeThem(own, probes).length === 0) return [];
  const deaths = deathsOfSymptom(own, probes);
  if (said !== null && deaths.some((hop) => isSameHop(said, hop))) return [];
  return [
    `last hop: said ${said === null ? "none" : hopText(said)}; tcpdump: ${deaths.map(hopText).join(" | ") || "none"}`,
  ];
}
