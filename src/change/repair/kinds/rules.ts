import { z } from "zod";
import { phrase } from "../../../facts/phrase.ts";
import type { Edit } from "../../../think/walk/edits/edit.ts";
import { defineKind, type UndoView } from "../kind.ts";
import { ruleWords } from "../text/rule-words.ts";
import { programOf } from "./chain.ts";
import {
  canBePutBack,
  deleteOf,
  holdsAt,
  insertOf,
  keepAround,
  placeIn,
  ruleParams,
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
    if (before !== null) return present.same < before.same ? "as-wanted" : { other: at ?? phrase("absent") };
    if (at === null || !holdsAt(present, Number(p.number), p))
      return present.same === 0 ? "as-wanted" : { other: at ?? phrase("absent") };
    return canBePutBack(p, at) ? "as-found" : { other: phrase("not-put-back", { rule: at }) };
  },
  acts(p, present) {
    // Whatever is forced: only that rule is taken out, and not the one that has its number now.
    const number = holdsAt(present, Number(p.number), p) ? Number(p.number) : onlyPlaceOf(p, present);
    const text = number === null ? null : ruleAt(present, number);
    return number === null || text === null ? [] : [deleteOf(p, present, number, text)];
  },
  disturbed(p, { before, first }) {
    if (first.same >= before.same || placeIn(before, first, Number(p.number)) !== null) return [];
    return [phrase("place-gone", { chain: p.chain, count: first.count, number: p.number })];
  },
  undo(p, { before, present }) {
    const number = Number(p.number);
    const text = ruleAt(before, number);
    if (present.same >= before.same || text === null) return [];
    return [insertOf(p, present, placeIn(before, present, number) ?? Math.min(number, present.count + 1), text)];
  },
  remaining: (p, { before, present }) =>
    present.same >= before.same ? [] : [phrase("chain-lacks", { chain: p.chain, rule: ruleText(p) })],
});

/** `before`: the rule that it precedes, as the tool prints it; empty: it is the last. */
const addParams = ruleParams.and(z.object({ before: z.string().max(16_384), alone: z.literal("yes").optional() }));
type AddParams = z.infer<typeof addParams>;

/** A rule of nft is known by its JSON alone, which is no text to type: what a peer has is shown, and put in by people. */
export const addRule = defineKind<AddParams, RuleImage>({
  ...ruleShared,
  id: "add-rule",
  params: addParams,
  // A MASQUERADE without the RETURN before it would take everything: whoever owns the chain has to write it whole.
  byHand: (p) => p.backend === "nft" || p.alone === "yes",
  fromEdit(edit) {
    if (edit.do !== "add-rule") return null;
    const alone: Record<string, string> = edit.isAlone ? { alone: "yes" } : {};
    return { ...paramsOf(edit, edit.rule.text), before: edit.before ?? "", ...alone };
  },
  keep: (p, seen) => keepAround(seen, placeToPutIn(p, seen) ?? Number(p.number)),
  commands: (p) =>
    p.backend === "nft"
      ? [["nft", ...nftPlace(p), ruleText(p)]]
      : [[programOf(p), "-t", p.table, "-I", p.chain, p.number, ...(ruleWords(ruleText(p)) ?? []).slice(2)]],
  judge(p, present, _found, before) {
    if (present.same > 0 || (before !== null && isPutIn(p, before, present))) return "as-wanted";
    if (before !== null) return { other: phrase("absent") };
    if (!present.exists) return { other: phrase("no-chain", { chain: p.chain }) };
    if (placeToPutIn(p, present) !== null) return "as-found";
    return { other: phrase("no-one-place", { chain: p.chain, rule: p.before }) };
  },
  acts(p, present) {
    // Whatever is forced: before any other rule it could let pass what it was never meant to.
    const number = placeToPutIn(p, present);
    return number === null ? [] : [insertOf(p, present, number, ruleText(p))];
  },
  // Wherever the rule has moved to, it is told by its text.
  disturbed: () => [],
  undo(p, view) {
    const text = insertedText(p, view);
    const at = placeOfInserted(p, view);
    return at === null ? [] : [deleteOf(p, view.present, at, text)];
  },
  remaining: (p, view) =>
    placeOfInserted(p, view) === null ? [] : [phrase("chain-has", { chain: p.chain, rule: insertedText(p, view) })],
});

/** nft(8): `insert` puts it before the rule of that index, which counts from 0; without one, before all. `add` puts it last. */
function nftPlace({ family, table, chain, number, before }: AddParams): readonly string[] {
  const place = [family, table, chain];
  if (before === "") return ["add", "rule", ...place];
  return ["insert", "rule", ...place, ...(number === "1" ? [] : ["index", String(Number(number) - 1)])];
}

/** Null where the chain holds no such rule, or several. */
function onlyPlaceOf(p: RuleParams, present: RuleImage): number | null {
  const places = present.rules.flatMap((_, i) => (holdsAt(present, present.from + i, p) ? [present.from + i] : []));
  return places.length === 1 ? (places[0] ?? null) : null;
}

/** By the rule that it precedes: others may have written above it since its number was read. Null where that is gone, or there several times. */
function placeToPutIn(p: AddParams, present: RuleImage): number | null {
  return p.before === "" ? present.count + 1 : onlyPlaceOf({ ...p, text: p.before }, present);
}

/** Between the two that its place was between, and nobody wrote beside it: this node's iptables may print it in other words than the peer's did. */
function isPutIn(p: AddParams, before: RuleImage, present: RuleImage): boolean {
  const number = placeToPutIn(p, before);
  return (
    number !== null &&
    present.count === before.count + 1 &&
    ruleAt(present, number - 1) === ruleAt(before, number - 1) &&
    ruleAt(present, number + 1) === ruleAt(before, number)
  );
}

/** What has its number is it only where it was put in: else it was refused, or somebody has written above it since. */
function insertedText(p: AddParams, { before, after }: UndoView<RuleImage>): string {
  const number = isPutIn(p, before, after) ? placeToPutIn(p, before) : null;
  return (number === null ? null : ruleAt(after, number)) ?? ruleText(p);
}

/** Null when it is gone, by us or before us, or was there before. */
function placeOfInserted(p: AddParams, view: UndoView<RuleImage>): number | null {
  const { before, first, present } = view;
  const text = insertedText(p, view);
  if (before.same > 0 || present.count < first.count || !present.rules.includes(text)) return null;
  const number = placeToPutIn(p, before);
  return number !== null && ruleAt(present, number) === text ? number : present.from + present.rules.indexOf(text);
}
