import type { CodedPhrase, Phrase, Phrases } from "../../facts/phrase.ts";

/** Values as they are said: a phrase among them is a string by then. */
type Said<V> = Phrase extends V
  ? string | Exclude<V, Phrase>
  : V extends readonly (infer E)[]
    ? readonly Said<E>[]
    : V extends object
      ? { readonly [N in keyof V]: Said<V[N]> }
      : V;

export type PhraseWords<P> = {
  readonly [K in keyof P]: (p: { readonly [N in keyof P[K]]: Said<P[K][N]> }) => string;
};

interface PhraseBook {
  readonly phrases: EveryPhrase;
}

/** A phrase in words. What is quoted stays as it is. */
export function phraseText(said: Phrase, words: PhraseBook): string {
  if (typeof said === "string") return said;
  const say = words.phrases[said.code] as (values: object) => string;
  return say(valuesInWords(said.values, words));
}

/** Values of a phrase or a finding, with the phrases among them in words. */
export function valuesInWords(values: object, words: PhraseBook): object {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, saidOf(value, words)]));
}

function saidOf(value: unknown, words: PhraseBook): unknown {
  if (Array.isArray(value)) return value.map((one) => saidOf(one, words));
  if (typeof value !== "object" || value === null) return value;
  return isPhrase(value) ? phraseText(value, words) : valuesInWords(value, words);
}

function isPhrase(value: object): value is CodedPhrase {
  return "code" in value && "values" in value;
}

/** The words of every code. */
export type EveryPhrase = PhraseWords<Phrases>;
