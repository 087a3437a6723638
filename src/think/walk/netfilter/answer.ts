/** Yes, no, or not known and why. */
export type Answer = boolean | { readonly unknown: string };

export function negateIf(negate: boolean, answer: Answer): Answer {
  return typeof answer === "boolean" ? answer !== negate : answer;
}
