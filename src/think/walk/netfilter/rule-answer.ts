import type { Phrase } from "../../../facts/phrase.ts";
import type { Match, Rule } from "../../../facts/ruleset.ts";
import type { HookContext } from "./contract.ts";
import { matchPacket, type Subject } from "./match.ts";

/**
 * Whether a rule matches. `chance`: the share of packets that it takes of those that it is for, 1 when it takes them
 * all, null when chance decides but its share is not known. `unknown` holds unless a later match is a definite no.
 */
export type RuleAnswer =
  | { readonly matches: false }
  | { readonly matches: true; readonly chance: number | null }
  | { readonly matches: "unknown"; readonly why: Phrase; readonly chance: number | null };

const NO = { matches: false } as const;
const YES = { matches: true, chance: 1 } as const;

export function askRule(rule: Rule, subject: Subject, context: HookContext): RuleAnswer {
  let why: Phrase | null = null;
  let chance: number | null = 1;
  for (const match of rule.matches) {
    if (match.match === "statistic") {
      const share = exactShare(match.probability);
      chance = times(chance, match.negate ? 1 - share : share);
      continue;
    }
    if (match.match === "unknown" && match.module === "recent") {
      // xt_recent: --set always holds; whether a list holds this source is the past's doing, so it may go either way.
      if (!/--(?:rcheck|update|remove)\b/.test(match.text)) continue;
      chance = null;
      continue;
    }
    const answer = matchPacket(match, subject, context);
    if (answer === false) return NO;
    if (answer !== true) why ??= answer.unknown;
  }
  if (chance === 0) return NO;
  if (why !== null) return { matches: "unknown", why, chance };
  return chance === 1 ? YES : { matches: true, chance };
}

/** Does the rule choose among targets by chance? Such a choice is worth telling. */
export function isChoice(match: Match): boolean {
  return match.match === "statistic" || (match.match === "unknown" && match.module === "recent");
}

/** xt_statistic keeps p as a multiple of 2^-31, so that a third prints as 0.33333333349. */
function exactShare(p: number): number {
  if (p <= 0) return 0;
  if (p >= 1) return 1;
  const n = Math.round(1 / p);
  return Math.abs(1 / n - p) < 2 ** -30 ? 1 / n : p;
}

export function times(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a * b;
}
