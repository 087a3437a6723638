import type { Words } from "../tell/i18n/en.ts";
import { isLanguage, type Language, languageOfLocale, WORDS } from "../tell/i18n/language.ts";

/** `--lang` as it was typed, before commander has read it: its own help and errors are in that language too. */
export function typedLanguage(argv: readonly string[]): Language | undefined {
  const end = argv.indexOf("--");
  const own = end < 0 ? argv : argv.slice(0, end);
  const at = own.findLastIndex((word) => word === "--lang" || word.startsWith("--lang="));
  const value = own[at] === "--lang" ? own[at + 1] : own[at]?.slice("--lang=".length);
  return at >= 0 && isLanguage(value) ? value : undefined;
}

/** The language of what a person reads: the one that was typed, else the locale's. */
export function spokenLanguage(): Language {
  return typedLanguage(process.argv.slice(2)) ?? languageOfLocale(process.env);
}

/** For commander's help, before a command runs. */
export function helpWords(): Words["help"] {
  return WORDS[spokenLanguage()].help;
}
