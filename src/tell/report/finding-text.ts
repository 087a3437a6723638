import type { Finding } from "../../hunt/findings.ts";
import type { Words } from "../i18n/en.ts";

/** One finding in words. Control characters from nodes, pods and logs never reach a terminal. */
export function findingText(finding: Finding, words: Words): string {
  const say = words.findings[finding.code] as (params: unknown) => string;
  return printable(say(finding.params));
}

/** Drops C0, C1 and the bidirectional overrides: text from a node may not move the cursor or reorder a line. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to take out
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "");
}
