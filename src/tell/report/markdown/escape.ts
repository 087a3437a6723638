import type { Span, Text } from "../incident/text.ts";

/** A text as CommonMark with GitHub's extensions. Plain words need no escape: what could be markup stands in a span of code. */
export function inline(text: Text, place: "line" | "cell"): string {
  return text.map((span) => spanMarkdown(span, place)).join("");
}

function spanMarkdown({ kind, text }: Span, place: "line" | "cell"): string {
  if (kind === "words") return text;
  if (kind === "evidence") return `[${text}](#${text})`;
  return codeSpan(text, place);
}

/**
 * A code span whose fence is longer than any run of backticks in it. In a table a bar has to be escaped even there, and parsers
 * disagree about what a backslash before it then means: such a text stands as characters by number.
 */
function codeSpan(text: string, place: "line" | "cell"): string {
  if (place === "cell" && /\\\|/.test(text)) return byNumber(text);
  const fence = "`".repeat(longestRun(text) + 1);
  const isPadded = /^`|`$|^ .* $/.test(text) && text.trim() !== "";
  const padded = isPadded ? ` ${text} ` : text;
  return `${fence}${place === "cell" ? padded.replaceAll("|", "\\|") : padded}${fence}`;
}

function byNumber(text: string): string {
  return text.replace(/[^\p{L}\p{N}]/gu, (char) => `&#${char.codePointAt(0)};`);
}

/** @returns a block of code that nothing in it can end */
export function fenced(text: string, language: string): string {
  const fence = "`".repeat(Math.max(3, longestRun(text) + 1));
  return `${fence}${language}\n${text}\n${fence}`;
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}
