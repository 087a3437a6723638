import type { Edit } from "../../../think/walk/edits/edit.ts";
import { defineKind } from "../kind.ts";
import { ruleWords } from "../text/rule-words.ts";
import { programOf } from "./chain.ts";
import {
  deleteOf,
  insertOf,
  placeIn,
  type RuleImage,
  type RuleParams,
  ruleAt,
  ruleShared,
  ruleText,
} from "./rule-in-chain.ts";

function paramsOf(edit: Extract<Edit, { do: "remove-rule" | "add-rule" }>, text: string): Record<string, string> {
  const { backend, family, table, chain, number } = edit;
  return { backend, family, table, chain, number: String(number), text };
}

export const removeRule = defineKind<RuleParams, RuleImage>({
  ...ruleShared,
  id: "remove-rule",
  fromEdit: (edit) => (edit.do === "remove-rule" ? paramsOf(edit, edit.text) : null),
  commands: (p) =>
    p.backend === "nft"
      ? [["nft", "delete", "rule", p.family, p.table, p.chain, "handle", "HANDLE"]]
      : [[programOf(p), "-t", p.table, "-D", p.chain, p.number]],
  judge(p, present, _found, before) {
    const at = ruleAt(present, Number(p.number));
    if (before !== null) return present.same < before.same ? "as-wanted" : { other: at ?? "absent" };
    if (at === ruleText(p)) return "as-found";
    return present.same === 0 ? "as-wanted" : { other: at ?? "absent" };
  },
  acts: (p, present) => [deleteOf(p, present, Number(p.number))],
  disturbed(p, { before, first }) {
    if (first.same >= before.same || placeIn(before, first, Number(p.number)) !== null) return [];
    return [`${p.chain} has ${first.count} rules, the place of #${p.number} is gone`];
  },
  undo(p, { before, present }) {
    if (present.same >= before.same) return [];
    const number = Number(p.number);
    return [insertOf(p, present, placeIn(before, present, number) ?? Math.min(number, present.count + 1))];
  },
  remaining: (p, { before, present }) => (present.same >= before.same ? [] : [`${p.chain} lacks ${ruleText(p)}`]),
});

export const addRule = defineKind<RuleParams, RuleImage>({
  ...ruleShared,
  id: "add-rule",
  fromEdit: (edit) => (edit.do === "add-rule" ? paramsOf(edit, edit.rule.text) : null),
  commands: (p) =>
    p.backend === "nft"
      ? [["nft", "add", "rule", p.family, p.table, p.chain, ruleText(p)]]
      : [[programOf(p), "-t", p.table, "-I", p.chain, p.number, ...(ruleWords(ruleText(p)) ?? []).slice(2)]],
  judge(p, present, _found, before) {
    if (before !== null) return present.same > before.same ? "as-wanted" : { other: "absent" };
    if (present.same > 0) return "as-wanted";
    if (!present.exists) return { other: `no chain ${p.chain}` };
    return Number(p.number) <= present.count + 1 ? "as-found" : { other: `${present.count} rules` };
  },
  acts: (p, present) => [insertOf(p, present, Number(p.number))],
  // Wherever the rule has moved to, it is told by its text.
  disturbed: () => [],
  undo(p, { before, present }) {
    if (present.same <= before.same) return [];
    const number = Number(p.number);
    const at = ruleAt(present, number) === ruleText(p) ? number : present.from + present.rules.indexOf(ruleText(p));
    return [deleteOf(p, present, at)];
  },
  remaining: (p, { before, present }) => (present.same <= before.same ? [] : [`${p.chain} has ${ruleText(p)}`]),
});
