import { z } from "zod";
import { phrase } from "../../../facts/phrase.ts";
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
  const source = { node: "", netns: "", argv: [], at: "" };
  const family = p.family === "4" ? 4 : 6;
  return {
    rules: linesOf(said(answers)).flatMap((line) =>
      parsePolicyRules(line, source, family).value.map((rule) => ({
        text: ruleText(rule),
        line: wordsOf(line).join(" "),
      })),
    ),
  };
}

function holds({ rules }: Image, p: Params): number {
  return rules.filter((rule) => rule.text === wordsOf(p.text).join(" ")).length;
}

const shared = {
  on: "node",
  params,
  image,
  looks,
  see,
  object: (p: Params) => `ip rule ${p.text.split(":")[0]}`,
  // A rule is there or not: one of the two is what we left, the other what was before.
  disturbed: () => [],
} as const;

export const addPolicyRule = defineKind<Params, Image>({
  ...shared,
  id: "add-policy-rule",
  fromEdit: (edit) =>
    edit.do === "add-policy-rule" ? { family: String(edit.rule.family), text: ruleText(edit.rule) } : null,
  commands: (p) => [ruleArgv("add", p.family, p.text)],
  judge: (p, present) => (holds(present, p) > 0 ? "as-wanted" : "as-found"),
  acts: (p) => [{ argv: ruleArgv("add", p.family, p.text) }],
  undo: (p, { before, present }) =>
    holds(present, p) > holds(before, p) ? [{ argv: ruleArgv("del", p.family, p.text) }] : [],
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
    return before === null ? "as-found" : { other: p.text };
  },
  acts: (p) => [{ argv: ruleArgv("del", p.family, p.text) }],
  undo(p, { before, present }): readonly Act[] {
    const was = before.rules.find((rule) => rule.text === wordsOf(p.text).join(" "));
    return was !== undefined && holds(present, p) < holds(before, p)
      ? [{ argv: ruleArgv("add", p.family, was.line) }]
      : [];
  },
  remaining: (p, { before, present }) => (holds(present, p) < holds(before, p) ? [phrase("absent")] : []),
});
