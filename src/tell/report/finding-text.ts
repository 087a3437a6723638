import type { Finding } from "../../hunt/findings.ts";
import type { Words } from "../i18n/en.ts";
import { valuesInWords } from "../i18n/phrases.ts";

/** One finding in words. Control characters from nodes, pods and logs never reach a terminal. */
export function findingText(finding: Finding, words: Words): string {
  const say = words.findings[finding.code] as (params: object) => string;
  return printable(say(valuesInWords(finding.params, words)));
}

/** One line: text from a node may not move the cursor, begin a line of its own, or reorder one (C0, C1, bidirectional controls). */
export function printable(text: string): string {
  return (
    text
      .replace(/[\t\n\r\u2028\u2029]+/g, " ")
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to take out
      .replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "")
  );
}

/** Several lines, each of them without what could begin another. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}
