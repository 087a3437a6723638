import type { Lab } from "../../src/lab/lab.ts";
import type { LastHop } from "../../src/verdict/verdict.ts";
import { placesOf } from "./lab-places.ts";
import { type Attempt, attemptsOf, hopText, Oracle, type OracleHop } from "./tcpdump-oracle.ts";

/** What an oracle saw while something ran. */
export interface Observed<T> {
  readonly result: T;
  readonly attempts: readonly Attempt[];
}

export async function observe<T>(lab: Lab, act: () => Promise<T>): Promise<Observed<T>> {
  const oracle = new Oracle();
  try {
    await oracle.start(placesOf(lab));
    const result = await act();
    return { result, attempts: attemptsOf(await oracle.stop()) };
  } finally {
    await oracle.stop().catch(() => []);
  }
}

/**
 * Where the flows died that are at fault for a symptom. Its own attempts say which flows those are: a gateway answers
 * the client and fails at its backend. Other attempts count when they ask for the same, or run from the same place to the same end.
 */
export function deathsOfSymptom(own: readonly Attempt[], others: readonly Attempt[]): readonly OracleHop[] {
  const hops = [...own.filter(isLost), ...likeThem(own, others)].map((one) => one.lastHop);
  return hops.filter((hop, i) => hops.findIndex((other) => hopText(other) === hopText(hop)) === i);
}

/** Others that are lost as the symptom's own attempts are. */
export function likeThem(own: readonly Attempt[], others: readonly Attempt[]): readonly Attempt[] {
  const failed = own.filter(isLost);
  return others.filter((one) => isLost(one) && failed.some((mine) => isSameFlow(mine, one)));
}

function isLost(attempt: Attempt): boolean {
  return !attempt.isAnswered || attempt.isStalled;
}

function isSameFlow(a: Attempt, b: Attempt): boolean {
  const runsAlike = a.origin.node === b.origin.node && a.origin.netns === b.origin.netns;
  return a.to === b.to || (runsAlike && a.destination === b.destination);
}

export function isSameHop(lastHop: LastHop, hop: OracleHop): boolean {
  return hopText(lastHop) === hopText(hop);
}
