import type { Nothing, Phrase } from "../phrase.ts";

/** Codes and values for what stands in the way of a repair, or of taking one back. */
export interface ChangingPhrases {
  absent: Nothing;
  unchanged: Nothing;
  "no-chain": { readonly chain: string };
  "no-policy": Nothing;
  "no-one-place": { readonly chain: string; readonly rule: string };
  "place-gone": { readonly chain: string; readonly count: number; readonly number: string };
  "chain-lacks": { readonly chain: string; readonly rule: string };
  "chain-has": { readonly chain: string; readonly rule: string };
  "route-goes": { readonly route: string; readonly key: string };
  "not-put-back": { readonly rule: string };
  was: { readonly now: string; readonly before: string };
  "key-absent": { readonly key: string };
  "no-bridge-port": Nothing;
  "no-spec": Nothing;
  "no-port": { readonly port: string };
  "chain-changed": Nothing;
  "file-changed": Nothing;
  "journal-changed": Nothing;
  "node-unreachable": Nothing;
  about: { readonly object: string; readonly what: Phrase };
  several: { readonly parts: readonly Phrase[] };
  "diagnosed-as": { readonly outcome: "healthy" | "broken" | "unknown" };
  "no-more-than": { readonly confidence: "confirmed" | "likely" | "suspected" };
  "without-cause": Nothing;
}
