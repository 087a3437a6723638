import type { Phrase } from "./phrase.ts";

/** A failure of ours that a person can act on: what happened, and what to do next. Its message is for a debugger. */
export class ToldError extends Error {
  readonly told: Phrase;
  readonly hint: Phrase | null;

  constructor(told: Phrase, hint: Phrase | null, options?: ErrorOptions) {
    super(typeof told === "string" ? told : `${told.code} ${JSON.stringify(told.values)}`, options);
    this.told = told;
    this.hint = hint;
  }
}

/** What an error says to people: its phrase, or the words of whoever threw it. */
export function toldBy(error: unknown): Phrase {
  if (error instanceof ToldError) return error.told;
  return error instanceof Error ? error.message || error.name : String(error);
}
