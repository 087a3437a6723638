import { type Language, languageOfLocale, WORDS } from "../tell/i18n/language.ts";
import type { Style } from "../tell/report/terminal.ts";
import { type OutputOptions, wantsColor } from "./options.ts";

/** The language of what a person reads: the one that was typed, else the locale's. */
export function languageOf(typed: Language | undefined): Language {
  return typed ?? languageOfLocale(process.env);
}

/** How this command speaks. A program that reads JSON is not at this terminal: that is English unless it was typed. */
export function styleOf(options: { readonly lang?: Language; readonly output?: OutputOptions["output"] }): Style {
  const language = options.output === "json" ? (options.lang ?? "en") : languageOf(options.lang);
  return { words: WORDS[language], language, color: wantsColor(process.stdout) };
}
