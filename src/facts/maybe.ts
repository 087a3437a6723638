import type { Phrase } from "./phrase.ts";

/** Yes, no, or not known and why. */
export type Maybe = boolean | { readonly unknown: Phrase };

export function negateIf(negate: boolean, maybe: Maybe): Maybe {
  return typeof maybe === "boolean" ? maybe !== negate : maybe;
}

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
