import type { VerdictCause } from "../../../verdict/verdict.ts";
import { printable } from "../finding-text.ts";

/** A piece of a text. `evidence` refers to an exhibit by its id. */
export interface Span {
  readonly kind: "words" | "code" | "evidence";
  readonly text: string;
}

export type Text = readonly Span[];

/** A run of visible ASCII: a word with its punctuation, or an address, an object and its value, anything marked up. */
const RUN = /[\x21-\x7e]+(?: = [\x21-\x7e]+)?/g;
const PUNCTUATION = /^["'(]+|["'),.;:!?]+$/g;
const WORD = /^(?:\d+(?:-\d+)*|[A-Za-z0-9]+(?:['-][A-Za-z][A-Za-z0-9]*)*)$/;
/** Enough of a hash for a forge to make a link of it. */
const HASH = /^[0-9a-f]{7,}$/i;
/** Nothing of another run touches what stands between: two spans of code side by side would be one. */
const ENDS_APART = /(?:^|[^\x21-\x7e])["'(]*$/;
const BEGINS_APART = /^["'),.;:!?]*(?:$|[^\x21-\x7e])/;
/** At the beginning of a line it would begin a list. */
const NUMBERED = /^\d+[.)]$/;

/**
 * A sentence with names of others in it: what is no plain word of a language stands as code, and so can mark up nothing.
 * `verbatim`: what stands in one piece where it is quoted whole, whatever is in it.
 */
export function prose(sentence: string, verbatim: readonly string[] = []): Text {
  const text = tidy(sentence);
  for (const piece of verbatim.map(tidy).sort((a, b) => b.length - a.length)) {
    const at = text.indexOf(piece);
    if (at < 0 || !piece.includes(" ")) continue;
    const [before, after] = [text.slice(0, at), text.slice(at + piece.length)];
    if (!ENDS_APART.test(before) || !BEGINS_APART.test(after)) continue;
    return [...prosePart(before, verbatim), ...code(piece), ...prosePart(after, verbatim)];
  }
  const spans: Span[] = [];
  let end = 0;
  for (const { 0: run, index } of text.matchAll(RUN)) {
    const core = index === 0 && NUMBERED.test(run) ? run : run.replace(PUNCTUATION, "");
    if (core === "" || (WORD.test(core) && !HASH.test(core))) continue;
    const at = index + run.indexOf(core);
    spans.push({ kind: "words", text: text.slice(end, at) }, { kind: "code", text: core });
    end = at + core.length;
  }
  spans.push({ kind: "words", text: text.slice(end) });
  return spans.filter((span) => span.text !== "");
}

/** Our own words, with code between backticks. */
export function marked(own: string): Text {
  return own.split("`").flatMap((part, i) => (i % 2 === 0 ? prosePart(part) : code(part)));
}

/** With the blanks at its ends, which part it from code. */
function prosePart(part: string, verbatim: readonly string[] = []): Text {
  if (part.trim() === "") return part === "" ? [] : words(" ");
  const blank = (at: RegExp): Text => (at.test(part) ? words(" ") : []);
  return [...blank(/^\s/), ...prose(part, verbatim), ...blank(/\s$/)];
}

function tidy(text: string): string {
  return printable(text).trim().replace(/ {2,}/g, " ");
}

/** What a cause quotes: its object, and the fact as it is and as it should be. */
export function quotesOf(cause: Pick<VerdictCause, "object" | "found" | "wanted"> | null): readonly string[] {
  return cause === null ? [] : [cause.object, cause.found, cause.wanted].filter((quote) => quote !== null);
}

/** Words of others as they are. */
export function code(text: string): Text {
  const shown = printable(text);
  return shown === "" ? [] : [{ kind: "code", text: shown }];
}

/** Words of our own, in which nothing of others is. */
export function words(text: string): Text {
  return [{ kind: "words", text }];
}

export function references(ids: readonly string[]): Text {
  return ids.flatMap((id, i): Span[] => [
    ...(i === 0 ? [] : [{ kind: "words" as const, text: " " }]),
    { kind: "evidence", text: id },
  ]);
}

/** As it reads without marks. */
export function plain(text: Text): string {
  return text.map((span) => span.text).join("");
}
