import type { NotChecked } from "../../facts/world.ts";
import type { Gap } from "./readings.ts";

const MOST_PLACES = 4;

/** One line for what failed in the same way in several namespaces. */
export function tellGaps(gaps: readonly Gap[]): NotChecked[] {
  const groups = new Map<string, { gap: Gap; places: Set<string> }>();
  for (const gap of gaps) {
    const key = JSON.stringify([gap.subject, gap.why]);
    const group = groups.get(key) ?? { gap, places: new Set() };
    group.places.add(gap.where);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ gap, places }) => {
    const named = [...places].slice(0, MOST_PLACES).join("; ");
    const more = places.size > MOST_PLACES ? `; and ${places.size - MOST_PLACES} more` : "";
    return { what: `${gap.subject}: ${named}${more}`, why: gap.why };
  });
}
