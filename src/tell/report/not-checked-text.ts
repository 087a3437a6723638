import type { NotChecked } from "../../facts/world.ts";
import type { Words } from "../i18n/en.ts";
import { phraseText } from "../i18n/phrases.ts";

/** What could not be checked, and why, in one line. */
export function notCheckedText({ what, why }: NotChecked, words: Words): string {
  return words.notChecked({ what: phraseText(what, words), why: phraseText(why, words) });
}
