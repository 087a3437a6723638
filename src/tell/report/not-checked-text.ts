import type { NotChecked } from "../../facts/world.ts";
import type { Words } from "../i18n/en.ts";
import { phraseText } from "../i18n/phrases.ts";
import { printable } from "./finding-text.ts";

/** What could not be checked, and why, for programs. */
export function notCheckedInWords(
  { what, why }: NotChecked,
  words: Words,
): { readonly what: string; readonly why: string } {
  return { what: printable(phraseText(what, words)), why: printable(phraseText(why, words)) };
}

/** What could not be checked, and why, in one line. */
export function notCheckedText({ what, why }: NotChecked, words: Words): string {
  return words.notChecked({ what: phraseText(what, words), why: phraseText(why, words) });
}
