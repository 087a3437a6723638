import type { Finding } from "../../hunt/findings.ts";
import type { Words } from "../i18n/en.ts";
import { valuesInWords } from "../i18n/phrases.ts";

/** One finding in words. Control characters from nodes, pods and logs never reach a terminal. */
export function findingText(finding: Finding, words: Words): string {
  const say = words.findings[finding.code] as (params: object) => string;
  return printable(say(valuesInWords(finding.params, words)));
}

/**
 * One line: text from a node may not move the cursor, begin a line of its own, reorder one, or hide anything in it (C0, C1,
 * bidirectional controls, invisible characters).
 */
export function printable(text: string): string {
  return text.replace(/[\t\n\r\u2028\u2029]+/g, " ").replace(UNPRINTABLE, "");
}

/** Other than C0: what a terminal obeys, what turns text around, and what nobody sees. */
export const INVISIBLE =
  "\\u007f-\\u009f\\u00ad\\u061c\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u2064\\u2066-\\u2069\\ufeff\\u{e0000}-\\u{e007f}";
const UNPRINTABLE = new RegExp(`[\\u0000-\\u001f${INVISIBLE}]`, "gu");

/** Several lines, each of them without what could begin another. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}
