import { z } from "zod";
import type { Act } from "../kind.ts";
import { bareNftRule, bareRule, ruleWords, speakOfRuleAlone } from "../text/rule-words.ts";
import { chainImage, chainParams, lookAtChain, placeText, seeChain } from "./chain.ts";

/** `text`: the rule as the tool prints it, without counters. */
export const ruleParams = chainParams
  .extend({
    number: z.string().regex(/^[1-9]\d{0,6}$/),
    text: z
      .string()
      .min(1)
      .max(16_384)
      .refine((text) => !/[\n\r\0]/.test(text)),
  })
  .refine(isOfItsChain, "not a rule of that chain");
export type RuleParams = z.infer<typeof ruleParams>;

/** The journal keeps the rule and this many on either side: chains of a kube-proxy hold tens of thousands. */
const NEIGHBOURS = 3;
export const ruleImage = chainImage.extend({
  count: z.number().int(),
  /** How many rules of the chain are that rule. */
  same: z.number().int(),
  /** Number of the rule at the head of `rules`. */
  from: z.number().int(),
});
export type RuleImage = z.infer<typeof ruleImage>;

/**
 * Inserts or deletes (`$6`) by number only while that number holds that very text: another writer may have moved it since it
 * was read. 75: EX_TEMPFAIL.
 */
const CHANGE_IF = `tool=$1 table=$2 chain=$3 number=$4 text=$5 change=$6
now=$("$tool" -w -t "$table" -S "$chain" "$number") || exit
[ "$now" = "$text" ] || { printf '%s\\n' "$now" >&2; exit 75; }
shift 6
exec "$tool" -w -t "$table" "$change" "$chain" "$number" "$@"`;

/** The verdict's own words for the rule. */
export function ruleText(p: Pick<RuleParams, "backend" | "chain" | "text">): string {
  if (p.backend === "nft") return bareNftRule(p.text);
  const bare = bareRule(p.text);
  return bare.startsWith("-A ") ? bare : `-A ${p.chain} ${bare}`;
}

/** Is the i-th rule of the image the one that the verdict speaks of? */
function isThatRule(chain: Pick<RuleImage, "rules" | "spoken">, i: number, p: RuleParams): boolean {
  return chain.rules[i] === ruleText(p) || (chain.spoken[i] !== undefined && chain.spoken[i] === p.text.trim());
}

export function holdsAt(image: RuleImage, number: number, p: RuleParams): boolean {
  return isThatRule(image, number - image.from, p);
}

export function ruleAt(image: RuleImage, number: number): string | null {
  return image.rules[number - image.from] ?? null;
}

/** Where the rule belongs in a chain that others may have changed: between the two that it was between. */
export function placeIn(before: RuleImage, present: RuleImage, number: number): number | null {
  const previous = ruleAt(before, number - 1);
  const next = ruleAt(before, number + 1);
  const fits = (at: number) =>
    at >= 1 && at <= present.count + 1 && ruleAt(present, at - 1) === previous && ruleAt(present, at) === next;
  if (fits(number)) return number;
  const places = Array.from({ length: present.rules.length + 1 }, (_, i) => present.from + i).filter(fits);
  return places.length === 1 ? (places[0] ?? null) : null;
}

/** @param text as the node's own tool prints it */
export function insertOf(p: RuleParams, present: RuleImage, at: number, text: string): Act {
  if (p.backend === "nft") {
    const previous = present.handles[at - 1 - present.from];
    const where = previous === undefined ? ["insert", "rule"] : ["add", "rule"];
    const position = previous === undefined ? [] : ["position", previous];
    return { argv: ["nft", ...where, p.family, p.table, p.chain, ...position, text] };
  }
  const words = (ruleWords(text) ?? []).slice(2);
  const next = ruleAt(present, at);
  return next === null
    ? { argv: [present.tool, "-w", "-t", p.table, "-A", p.chain, ...words] }
    : changeIf(p, present, at, next, ["-I", ...words]);
}

/** @param text what the rule at that number has to be */
export function deleteOf(p: RuleParams, present: RuleImage, at: number, text: string): Act {
  if (p.backend === "nft") {
    const handle = present.handles[at - present.from] ?? "0";
    return { argv: ["nft", "delete", "rule", p.family, p.table, p.chain, "handle", handle] };
  }
  return changeIf(p, present, at, text, ["-D"]);
}

/** @param text what the rule at that number has to be */
function changeIf(p: RuleParams, { tool }: RuleImage, at: number, text: string, change: readonly string[]): Act {
  return { argv: ["sh", "-c", CHANGE_IF, "sh", tool, p.table, p.chain, String(at), text, ...change] };
}

/** A rule of nft is text for a parser that knows `;` and blocks, and those of iptables-nft have no text: only what is one rule can be put back. */
export function canBePutBack(p: RuleParams, text: string): boolean {
  if (p.backend !== "nft") return ruleWords(text) !== null;
  return !/[;#]|\bxt (match|target)\b|\{$/.test(text.replace(/"[^"]*"/g, ""));
}

function isOfItsChain(p: { backend: string; chain: string; text: string }): boolean {
  if (p.backend === "nft") return true;
  const words = ruleWords(ruleText({ ...p, backend: "iptables-nft" }));
  return words !== null && words[0] === "-A" && words[1] === p.chain && speakOfRuleAlone(words.slice(2));
}

export const ruleShared = {
  on: "node",
  params: ruleParams,
  image: ruleImage,
  object: (p: RuleParams) => `rule ${placeText(p)}#${p.number}`,
  looks: lookAtChain,
  see(p: RuleParams, answers: Parameters<typeof seeChain>[1]): RuleImage {
    const chain = seeChain(p, answers);
    const same = chain.rules.filter((_, i) => isThatRule(chain, i, p)).length;
    return { ...chain, count: chain.rules.length, same, from: 1 };
  },
  keep: (p: RuleParams, seen: RuleImage) => keepAround(seen, Number(p.number)),
} as const;

export function keepAround(seen: RuleImage, number: number): RuleImage {
  const first = Math.max(1, number - NEIGHBOURS);
  const window = <T>(list: readonly T[]) => list.slice(first - seen.from, first - seen.from + 2 * NEIGHBOURS + 1);
  const kept = { rules: window(seen.rules), handles: window(seen.handles), spoken: window(seen.spoken) };
  return { ...seen, from: first, ...kept };
}
