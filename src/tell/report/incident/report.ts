import type { Verdict } from "../../../verdict/verdict.ts";
import type { Text } from "./text.ts";
import type { Way } from "./way.ts";

/** An incident report before it has a format: what stands where. Its texts are hostile; whoever renders them escapes them. */
export interface Report {
  readonly language: "en" | "zh";
  readonly title: Text;
  /** What happened, in one sentence. */
  readonly summary: Text;
  readonly outcome: Verdict["outcome"];
  readonly confidence: Verdict["confidence"];
  /** The outcome, and how sure it is, in words. */
  readonly badge: string;
  readonly meta: readonly Row[];
  readonly sections: readonly Section[];
}

export interface Section {
  /** Of the address in the page. */
  readonly id: string;
  readonly title: string;
  readonly blocks: readonly Block[];
}

export interface Row {
  readonly label: string;
  readonly text: Text;
}

export type Mark = "ok" | "failed" | "skipped" | "unknown";

/** Of a table: some lines of text. `mark` is the status that it tells. */
export interface Cell {
  readonly lines: readonly Text[];
  readonly mark?: Mark;
  readonly isNumber?: true;
}

export type Block =
  | { readonly kind: "paragraph"; readonly text: Text }
  | { readonly kind: "rows"; readonly rows: readonly Row[] }
  | { readonly kind: "table"; readonly head: readonly string[]; readonly rows: readonly (readonly Cell[])[] }
  | { readonly kind: "commands"; readonly lines: readonly string[] }
  | { readonly kind: "way"; readonly way: Way }
  | { readonly kind: "exhibit"; readonly id: string; readonly about: Text; readonly excerpt: string };
