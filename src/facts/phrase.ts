import type { ChangingPhrases } from "./phrases/changing.ts";
import type { EvidencePhrases } from "./phrases/evidence.ts";
import type { FailingPhrases } from "./phrases/failing.ts";
import type { HuntingPhrases } from "./phrases/hunting.ts";
import type { ParsingPhrases } from "./phrases/parsing.ts";
import type { ReadingPhrases } from "./phrases/reading.ts";
import type { SteppingPhrases } from "./phrases/stepping.ts";
import type { WalkingPhrases } from "./phrases/walking.ts";
import type { WitnessingPhrases } from "./phrases/witnessing.ts";

/** Every phrase by its code, with its values. `tell/i18n` has a sentence for each, in every language. */
export interface Phrases
  extends ReadingPhrases,
    ParsingPhrases,
    WalkingPhrases,
    SteppingPhrases,
    WitnessingPhrases,
    HuntingPhrases,
    ChangingPhrases,
    EvidencePhrases,
    FailingPhrases {}

/** The values of a phrase that has none. */
export type Nothing = Record<never, never>;

/** What is said to people where a finding has no code of its own: a code and values, which may be phrases again. */
export type CodedPhrase = {
  readonly [K in keyof Phrases]: { readonly code: K; readonly values: Phrases[K] };
}[keyof Phrases];

/** A plain string is quoted as it is: a tool's, a kernel's or a person's own words, a name. */
export type Phrase = string | CodedPhrase;

export function phrase<K extends keyof Phrases>(
  code: K,
  ...[values]: Nothing extends Phrases[K] ? readonly [] : readonly [Phrases[K]]
): CodedPhrase {
  return { code, values: values ?? {} } as CodedPhrase;
}

export function samePhrase(a: Phrase | null, b: Phrase | null): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
