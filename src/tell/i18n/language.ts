import { en, type Words } from "./en.ts";
import { zh } from "./zh.ts";

export type Language = "en" | "zh";

export const LANGUAGES = ["en", "zh"] as const satisfies readonly Language[];

export function isLanguage(word: string | undefined): word is Language {
  return LANGUAGES.some((language) => language === word);
}

export const WORDS: Readonly<Record<Language, Words>> = { en, zh };

/**
 * The language of a locale, as setlocale(3) looks for the one of messages. Only a UTF-8 locale can show Chinese; the names of
 * others tell nothing of what the terminal understands.
 */
export function languageOfLocale(env: Readonly<Record<string, string | undefined>>): Language {
  const locale = env.LC_ALL || env.LC_MESSAGES || env.LANG || "";
  return /^zh(_[A-Za-z]+)?\.utf-?8(@.*)?$/i.test(locale) ? "zh" : "en";
}
