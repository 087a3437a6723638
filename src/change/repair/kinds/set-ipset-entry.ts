import { z } from "zod";
import { phrase } from "../../../facts/phrase.ts";
import { parseIpsetSave } from "../../../read/parse/ipset-save.ts";
import { isNftSet, setEntryText } from "../../../think/walk/edits/set-ipset-entry.ts";
import { bareEntry } from "../../../think/walk/netfilter/ip-set-entries.ts";
import { type Act, type Answer, defineKind, said } from "../kind.ts";
import { flag, netnsParam } from "../params.ts";
import { ruleWords } from "../text/rule-words.ts";

const params = z.object({
  /** IPSET_MAXNAMELEN is 32 with its end; or `FAMILY TABLE NAME` of native nft. */
  set: z.string().refine((name) => /^[^\s"'\\-][^\s"'\\]{0,30}$/.test(name) || isNftName(name)),
  entry: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.:,/_@%*-]{0,127}( nomatch| wildcard)*$/),
  present: flag,
  netns: netnsParam,
});
type Params = z.infer<typeof params>;

const image = z.object({
  /** The line of `ipset save` that has this element, whatever its options; null when there is none. */
  entry: z.string().nullable(),
  /** Entries of the set expire unless they say otherwise. */
  expiring: z.boolean(),
});
type Image = z.infer<typeof image>;

function isNftName(name: string): boolean {
  return isNftSet(name) && name.split(" ").every((word) => /^[A-Za-z0-9_][A-Za-z0-9_./\\-]{0,127}$/.test(word));
}

/** Options are no part of what an element is: the kernel takes it out without them. */
function elementOf(entry: string): string {
  return entry.split(" ", 1)[0] ?? "";
}

function wordsToAdd(p: Params, entry: string, { expiring }: Pick<Image, "expiring">): string[] {
  const words = ruleWords(entry) ?? [];
  return ["ipset", "add", p.set, ...words, ...(expiring && !words.includes("timeout") ? ["timeout", "0"] : [])];
}

function wordsToRemove(p: Params): string[] {
  return ["ipset", "del", p.set, elementOf(p.entry)];
}

function nftWords(p: Params): string[] {
  return ["nft", p.present === "true" ? "add" : "delete", "element", ...p.set.split(" "), "{", elementOf(p.entry), "}"];
}

function see(p: Params, answers: readonly Answer[]): Image {
  const text = said(answers);
  const source = { node: "", netns: "", argv: [], at: "" };
  const set = parseIpsetSave(text, source).value.find(({ name }) => name === p.set);
  return {
    entry: set?.entries.find((entry) => elementOf(entry) === elementOf(p.entry)) ?? null,
    expiring: /^create .* timeout [1-9]/m.test(text),
  };
}

function same(a: string | null, b: string | null): boolean {
  return (a === null ? null : bareEntry(a)) === (b === null ? null : bareEntry(b));
}

export const setIpsetEntry = defineKind<Params, Image>({
  id: "set-ipset-entry",
  on: "node",
  byHand: (p) => isNftSet(p.set),
  params,
  image,
  fromEdit: (edit) =>
    edit.do === "set-ipset-entry" ? { set: edit.set, entry: edit.entry, present: String(edit.present) } : null,
  commands: (p) => {
    if (isNftSet(p.set)) return [nftWords(p)];
    return [p.present === "true" ? wordsToAdd(p, p.entry, { expiring: false }) : wordsToRemove(p)];
  },
  looks: (p) => (isNftSet(p.set) ? [] : [{ argv: ["ipset", "save", p.set] }]),
  see,
  object: (p) => setEntryText(p.set, p.entry),
  judge(p, present) {
    if (same(present.entry, p.present === "true" ? p.entry : null)) return "as-wanted";
    if (same(present.entry, p.present === "true" ? null : p.entry)) return "as-found";
    return { other: present.entry ?? phrase("absent") };
  },
  acts: (p, present) => [{ argv: p.present === "true" ? wordsToAdd(p, p.entry, present) : wordsToRemove(p) }],
  disturbed: (_, { before, after, first }) =>
    same(first.entry, after.entry) || same(first.entry, before.entry) ? [] : [first.entry ?? phrase("absent")],
  undo(p, { before, present }): readonly Act[] {
    if (same(before.entry, present.entry)) return [];
    if (before.entry === null) return [{ argv: wordsToRemove(p) }];
    return present.entry === null ? [{ argv: wordsToAdd(p, before.entry, before) }] : [{ argv: wordsToRemove(p) }];
  },
  remaining: (_, { before, present }) => (same(before.entry, present.entry) ? [] : [present.entry ?? phrase("absent")]),
});
