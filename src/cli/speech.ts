import { type Language, WORDS } from "../tell/i18n/language.ts";
import type { Style } from "../tell/report/terminal.ts";
import { type OutputOptions, wantsColor } from "./options.ts";
import { spokenLanguage } from "./spoken-language.ts";

/** How this command speaks. A program that reads JSON is not at this terminal: that is English unless it was typed. */
export function styleOf(options: { readonly lang?: Language; readonly output?: OutputOptions["output"] }): Style {
  const language = options.output === "json" ? (options.lang ?? "en") : (options.lang ?? spokenLanguage());
  return { words: WORDS[language], language, color: wantsColor(process.stdout) };
}
