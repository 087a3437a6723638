import type { Netns } from "../../facts/netns.ts";
import type { Suspect } from "../../think/explain/suspect.ts";
import { ruleOf, samePlace } from "../../think/walk/edits/chains.ts";
import { diffRules } from "../../witness/counters/diff-rules.ts";

/** The rule that stops a suspect by the walk, and how many packets it counted since the facts were read. */
export interface RulePackets {
  readonly rule: string;
  readonly packets: number;
}

/** Null where no rule decides, or the namespace was not read twice; `packets` is 0 for a rule without a counter. */
export function rulePackets(
  { predicted }: Suspect,
  before: Netns | undefined,
  after: Netns | null,
): RulePackets | null {
  const read = predicted?.at.decidedBy.find((r) => r.of === "rule");
  if (read?.of !== "rule" || before?.rulesets.known !== true || after?.rulesets.known !== true) return null;
  const rule = ruleOf(before, read, read.number);
  if (rule === null) return null;
  const counted = diffRules(before.rulesets.value, after.rulesets.value).find(
    (d) => samePlace(d, read) && d.text === rule.text,
  );
  return { rule: rule.text, packets: counted?.packets ?? 0 };
}
