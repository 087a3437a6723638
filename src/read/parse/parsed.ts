import { type CodedPhrase, phrase } from "../../facts/phrase.ts";
import type { Provenance, Source } from "../../facts/provenance.ts";

/** A line (1-based) that was not understood, in part or whole; the rest of its text was still parsed. */
export interface Problem {
  readonly line: number;
  /** Excerpt of the line, at most 200 characters. */
  readonly text: string;
  readonly why: CodedPhrase;
}

export interface Parsed<T> {
  readonly value: T;
  /** At most 100; a last one says how many were left out. */
  readonly problems: readonly Problem[];
}

export interface Line {
  readonly number: number;
  readonly text: string;
}

const EXCERPT = 200;
const MOST_PROBLEMS = 100;

/** Gathers problems without growing with the input. */
export class Problems {
  #kept: Problem[] = [];
  #dropped = 0;

  add(line: Line, why: CodedPhrase): void {
    if (this.#kept.length < MOST_PROBLEMS) {
      this.#kept.push({ line: line.number, text: line.text.trim().slice(0, EXCERPT), why });
    } else {
      this.#dropped += 1;
    }
  }

  list(): readonly Problem[] {
    if (this.#dropped === 0) return this.#kept;
    return [...this.#kept, { line: 0, text: "", why: phrase("lines-not-understood", { count: this.#dropped }) }];
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: tools colour their output with CSI sequences
const ESCAPES = /\u001b\[[0-9;]{0,32}[A-Za-z]/g;

/** Lines with their numbers; carriage returns and terminal colours removed, blank lines left out. */
export function linesOf(text: string): readonly Line[] {
  const plain = text.includes("\u001b") ? text.replace(ESCAPES, "") : text;
  const lines: Line[] = [];
  let number = 0;
  for (const raw of plain.split("\n")) {
    number += 1;
    const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
    if (line.trim() !== "") lines.push({ number, text: line });
  }
  return lines;
}

/** Splits on blanks. */
export function wordsOf(text: string): string[] {
  return text.split(/\s/).filter((word) => word !== "");
}

export function because(source: Source, line: Line): Provenance {
  return { source, line: line.number };
}

/** A decimal or 0x number between 0 and 2^32-1; null when it is none. */
export function parseU32(text: string | undefined): number | null {
  if (text === undefined || !/^(?:\d{1,10}|0[xX][0-9a-fA-F]{1,8})$/.test(text)) return null;
  const value = Number(text);
  return value <= 0xffffffff ? value : null;
}

/** `5`, `5-9`, `5:9`, `:9`, `5:`; null when it is no range of ports. */
export function parsePortRange(text: string): readonly [number, number] | null {
  const parts = text.split(/[-:]/);
  if (parts.length > 2) return null;
  const [low = "", high = low] = parts;
  if (text === "" || (low === "" && high === "")) return null;
  const from = low === "" ? 0 : parseU32(low);
  const to = high === "" ? 65535 : parseU32(high);
  return from === null || to === null || from > to || to > 65535 ? null : [from, to];
}
