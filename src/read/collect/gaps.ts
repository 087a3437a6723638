import { type Phrase, phrase } from "../../facts/phrase.ts";
import type { NotChecked } from "../../facts/world.ts";
import type { Gap } from "./readings.ts";

const MOST_PLACES = 4;

/** One line for what failed in the same way in several namespaces. */
export function tellGaps(gaps: readonly Gap[]): NotChecked[] {
  const groups = new Map<string, { gap: Gap; places: Map<string, Phrase> }>();
  for (const gap of gaps) {
    const key = JSON.stringify([gap.subject, gap.why]);
    const group = groups.get(key) ?? { gap, places: new Map() };
    group.places.set(JSON.stringify(gap.where), gap.where);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ gap, places }) => {
    const named = [...places.values()].slice(0, MOST_PLACES);
    const what = phrase("gap", { subject: gap.subject, places: named, more: places.size - named.length });
    return { what, why: gap.why };
  });
}
