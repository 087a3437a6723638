import { toldBy } from "../src/facts/told-error.ts";
import type { Phrase } from "../src/facts/phrase.ts";
import type { NotChecked } from "../src/facts/world.ts";
import { en } from "../src/tell/i18n/en.ts";
import { phraseText } from "../src/tell/i18n/phrases.ts";

/** A phrase as an English reader sees it; null where there is none. */
export function said(phrase: Phrase | null | undefined): string | null {
  return phrase === null || phrase === undefined ? null : phraseText(phrase, en);
}

export function notesSaid(notes: readonly NotChecked[]): readonly { readonly what: string; readonly why: string }[] {
  return notes.map(({ what, why }) => ({ what: phraseText(what, en), why: phraseText(why, en) }));
}

/** What a failure tells people. @throws where nothing failed */
export async function failureSaid(work: Promise<unknown>): Promise<string> {
  const failed = await work.then(
    () => null,
    (error: unknown) => ({ error }),
  );
  if (failed === null) throw new Error("nothing failed");
  return phraseText(toldBy(failed.error), en);
}
