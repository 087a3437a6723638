import { type Phrase, phrase } from "../../facts/phrase.ts";
import type { Output } from "../transport/reader.ts";

const LINE_FEED = 10;

/**
 * Every line becomes some objects, about 2 KiB of them. A table of a million routes is left unread rather than memory
 * exhausted; read in part it would seem to lack the rest.
 */
const MOST_LINES = 400_000;
/** Of all that one process reads: many tables just below the bound exhaust memory as well. */
const MOST_LINES_IN_ALL = 1_500_000;

/** Counts what is parsed, in the order in which it is asked for. */
export class LineBudget {
  readonly #most: number;
  #left: number;
  readonly #asked = new WeakMap<Output, Phrase | null>();

  constructor(most = MOST_LINES_IN_ALL) {
    this.#most = most;
    this.#left = most;
  }

  /** Why an output is not parsed; null: it may be. An output counts once. */
  refusal(output: Output): Phrase | null {
    const asked = this.#asked.get(output);
    if (asked !== undefined) return asked;
    const lines = linesIn(output.stdout, MOST_LINES + 1);
    const why =
      lines > MOST_LINES
        ? phrase("too-many-lines", { most: MOST_LINES })
        : lines > this.#left
          ? phrase("too-many-lines-in-all", { most: this.#most })
          : null;
    if (why === null) this.#left -= lines;
    this.#asked.set(output, why);
    return why;
  }
}

function linesIn(bytes: Uint8Array, most: number): number {
  let lines = 0;
  for (let at = bytes.indexOf(LINE_FEED); at >= 0 && lines < most; at = bytes.indexOf(LINE_FEED, at + 1)) lines += 1;
  return lines;
}
