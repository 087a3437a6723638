import type { Netns } from "../../facts/netns.ts";
import type { Rule } from "../../facts/ruleset.ts";
import type { Suspect } from "../../think/explain/suspect.ts";
import { diffRules } from "../../witness/counters/diff-rules.ts";

/** The rule that stops a suspect by the walk, and how many packets it counted since the facts were read. */
export interface RulePackets {
  readonly rule: string;
  readonly packets: number;
}

/** Null where no rule decides, none counts, or the namespace was not read twice. */
export function rulePackets(
  { predicted }: Suspect,
  before: Netns | undefined,
  after: Netns | null,
): RulePackets | null {
  const read = predicted?.at.decidedBy.find((r) => r.of === "rule");
  if (read?.of !== "rule" || before?.rulesets.known !== true || after?.rulesets.known !== true) return null;
  const isThere = (at: { backend: string; family: string; table: string; chain: string }): boolean =>
    at.backend === read.backend && at.family === read.family && at.table === read.table && at.chain === read.chain;
  const rule = before.rulesets.value
    .flatMap(({ backend, tables }) =>
      tables.flatMap(({ name: table, family, chains }) =>
        chains.flatMap(({ name: chain, rules }): readonly Rule[] =>
          isThere({ backend, family, table, chain }) ? rules : [],
        ),
      ),
    )
    .find(({ number }) => number === read.number);
  if (rule === undefined) return null;
  const counted = diffRules(before.rulesets.value, after.rulesets.value).find(
    (d) => isThere(d) && d.text === rule.text,
  );
  return { rule: rule.text, packets: counted?.packets ?? 0 };
}
