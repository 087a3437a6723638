import { z } from "zod";
import type { PolicyRule } from "../../../facts/netns.ts";
import { type Phrase, phrase } from "../../../facts/phrase.ts";
import { parsePolicyRules } from "../../../read/parse/policy-rules.ts";
import { ruleText } from "../../../think/walk/edits/policy-rules.ts";
import { type Act, type Answer, defineKind, type Look, linesOf, said } from "../kind.ts";
import { netnsParam } from "../params.ts";
import { wordsOf } from "../text/ip-words.ts";

/** `text`: `100: from 10.0.0.0/8 fwmark 0x1/0xff lookup 100`. */
const params = z.object({
  family: z.enum(["4", "6"]),
  text: z
    .string()
    .max(1024)
    .regex(/^\d{1,10}:(\s+[A-Za-z0-9_][A-Za-z0-9_.:/@-]*)+$/),
  netns: netnsParam,
});
type Params = z.infer<typeof params>;

/** `text` is the rule as the walker writes it, `line` as the node's own ip prints and takes it. */
const image = z.object({ rules: z.array(z.object({ text: z.string(), line: z.string() })) });
type Image = z.infer<typeof image>;

function ruleArgv(op: "add" | "del", family: string, line: string): string[] {
  const [priority = "", ...words] = wordsOf(line);
  return ["ip", `-${family}`, "rule", op, ...words, "priority", priority.replace(":", "")];
}

function looks(p: Params): Look[] {
  return [{ argv: ["ip", `-${p.family}`, "rule", "show"] }];
}

function see(p: Params, answers: readonly Answer[]): Image {
  return {
    rules: linesOf(said(answers)).flatMap((line) =>
      parsed(line, p).map((rule) => ({ text: ruleText(rule), line: wordsOf(line).join(" ") })),
    ),
  };
}

function parsed(text: string, p: Params): readonly PolicyRule[] {
  return parsePolicyRules(text, { node: "", netns: "", argv: [], at: "" }, p.family === "4" ? 4 : 6).value;
}

function isIt(p: Params): (rule: Image["rules"][number]) => boolean {
  const text = wordsOf(p.text).join(" ");
  return (rule) => rule.text === text;
}

function holds({ rules }: Image, p: Params): number {
  return rules.filter(isIt(p)).length;
}

/** What a deletion may name, and rule_find (net/core/fib_rules.c) then compares: not a mark of 0, nor `not`, nor a goto's end. */
function selectorsOf(text: string, p: Params): string[] {
  return parsed(text, p).flatMap((rule) => {
    const { action, fwmark } = rule;
    const named = {
      from: rule.from?.text,
      to: rule.to?.text,
      tos: rule.tos,
      mark: fwmark?.value,
      mask: fwmark?.mask,
      iif: rule.iif,
      oif: rule.oif,
      ipproto: rule.ipProtocol,
      sport: rule.sport?.join("-"),
      dport: rule.dport?.join("-"),
      table: action.do === "lookup" ? action.table : null,
      suppress: rule.suppressPrefixLength?.toString(),
    };
    const asked = Object.entries(named).flatMap(([name, value]) => (value ? [`${name} ${value}`] : []));
    return [`${rule.priority}: ${action.do}`, ...rule.unknown, ...asked];
  });
}

/** The rule that the kernel takes away for these words: the first that has all that they name, whatever else it has. */
function firstHit(p: Params, { rules }: Image): Image["rules"][number] | null {
  const asked = selectorsOf(p.text, p);
  const isHit = (line: string) => {
    const there = new Set(selectorsOf(line, p));
    return asked.every((selector) => there.has(selector));
  };
  return rules.find(({ line }) => isHit(line)) ?? null;
}

/** Whatever is forced: no other rule is taken away. */
function deletion(p: Params, present: Image): Act[] {
  const hit = firstHit(p, present);
  return hit !== null && isIt(p)(hit) ? [{ argv: ruleArgv("del", p.family, p.text) }] : [];
}

/** The kernel puts a rule behind those of its priority (fib_nl_newrule). */
function isLastOfItsPriority(p: Params, { rules }: Image): boolean {
  const [priority = ""] = wordsOf(p.text);
  const last = rules.findLast(({ text }) => text.startsWith(`${priority} `));
  return last !== undefined && isIt(p)(last);
}

/** Rules that stood behind it and now are before it. */
function overtaking(p: Params, before: Image, present: Image): Phrase[] {
  const [was, is] = [before.rules.findIndex(isIt(p)), present.rules.findIndex(isIt(p))];
  const behind = new Set(before.rules.slice(was + 1).map(({ line }) => line));
  return was < 0 || is < 0 ? [] : present.rules.slice(0, is).flatMap(({ line }) => (behind.has(line) ? [line] : []));
}

const shared = {
  on: "node",
  params,
  image,
  looks,
  see,
  object: (p: Params) => `ip rule ${p.text.split(":")[0]}`,
} as const;

export const addPolicyRule = defineKind<Params, Image>({
  ...shared,
  id: "add-policy-rule",
  fromEdit: (edit) =>
    edit.do === "add-policy-rule" ? { family: String(edit.rule.family), text: ruleText(edit.rule) } : null,
  commands: (p) => [ruleArgv("add", p.family, p.text)],
  judge: (p, present) => (holds(present, p) > 0 ? "as-wanted" : "as-found"),
  acts: (p) => [{ argv: ruleArgv("add", p.family, p.text) }],
  disturbed(p, { before, first }) {
    const hit = firstHit(p, first);
    return hit === null || isIt(p)(hit) || holds(first, p) <= holds(before, p) ? [] : [hit.line];
  },
  undo: (p, { before, present }) => (holds(present, p) > holds(before, p) ? deletion(p, present) : []),
  remaining: (p, { before, present }) => (holds(present, p) > holds(before, p) ? [p.text] : []),
});

export const removePolicyRule = defineKind<Params, Image>({
  ...shared,
  id: "remove-policy-rule",
  fromEdit: (edit) =>
    edit.do === "remove-policy-rule" ? { family: String(edit.rule.family), text: ruleText(edit.rule) } : null,
  commands: (p) => [ruleArgv("del", p.family, p.text)],
  judge(p, present, _found, before) {
    if (holds(present, p) === 0 || (before !== null && holds(present, p) < holds(before, p))) return "as-wanted";
    if (before !== null) return { other: p.text };
    const hit = firstHit(p, present);
    if (hit !== null && !isIt(p)(hit)) return { other: hit.line };
    return isLastOfItsPriority(p, present) ? "as-found" : { other: phrase("not-put-back", { rule: p.text }) };
  },
  acts: deletion,
  // A rule is there or not: one of the two is what we left, the other what was before.
  disturbed: () => [],
  undo(p, { before, present }): readonly Act[] {
    const was = before.rules.find(isIt(p));
    return was !== undefined && holds(present, p) < holds(before, p)
      ? [{ argv: ruleArgv("add", p.family, was.line) }]
      : [];
  },
  remaining: (p, { before, present }) =>
    holds(present, p) < holds(before, p) ? [phrase("absent")] : overtaking(p, before, present),
});
