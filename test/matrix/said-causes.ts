import type { Verdict } from "../../src/verdict/verdict.ts";

type Cause = Verdict["otherCauses"][number];

/** What a verdict calls likely or better: whatever of it is not true is a false cause. */
export function saidCauses({ cause, confidence, otherCauses }: Verdict): readonly Cause[] {
  const main = cause === null || confidence === null ? [] : [{ ...cause, confidence }];
  return [...main, ...otherCauses].filter((one) => isSaid(one.confidence));
}

export function isSaid(confidence: Verdict["confidence"]): boolean {
  return confidence === "confirmed" || confidence === "likely";
}

/** `ID NODE OBJECT` */
export function saidText({ id, node, object }: Pick<Cause, "id" | "node" | "object">): string {
  return `${id} ${node} ${object}`;
}

/** @param truths patterns for all that may be said, as `ID NODE OBJECT` */
export function falseCauses(verdict: Verdict, truths: readonly RegExp[]): readonly string[] {
  return saidCauses(verdict)
    .map(saidText)
    .filter((said) => !truths.some((truth) => truth.test(said)))
    .map((said) => `false cause: ${said}`);
}
