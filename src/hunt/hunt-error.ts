import type { TargetError } from "../think/symptom/target.ts";
import type { FromError } from "./place.ts";

/** The hunt cannot begin: nothing is said of the cluster. */
export class HuntError extends Error {
  readonly problem: TargetError | FromError | { readonly error: "no-place-to-send-from" };

  constructor(problem: HuntError["problem"]) {
    super(problem.error);
    this.problem = problem;
  }
}
