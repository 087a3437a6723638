import type { Phrase } from "../../../facts/phrase.ts";
/** Yes, no, or not known and why. */
export type Answer = boolean | { readonly unknown: Phrase };

export function negateIf(negate: boolean, answer: Answer): Answer {
  return typeof answer === "boolean" ? answer !== negate : answer;
}
