import type { Phrase } from "../../../facts/phrase.ts";

/** Yes, no, or not known and why. */
export type Maybe = boolean | { readonly why: Phrase };

/** True when one is; unknown when none is and one may be. */
export function some<T>(items: readonly T[], ask: (item: T) => Maybe): Maybe {
  let doubt: Maybe = false;
  for (const item of items) {
    const answer = ask(item);
    if (answer === true) return true;
    if (answer !== false) doubt = answer;
  }
  return doubt;
}

/** False when one is; unknown when none is and one may be. */
export function every(...answers: readonly Maybe[]): Maybe {
  if (answers.includes(false)) return false;
  return answers.find((answer) => answer !== true) ?? true;
}
