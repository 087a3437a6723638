import { z } from "zod";
import { type Act, defineKind } from "../kind.ts";
import { bareNftRule, bareRule, ruleWords } from "../text/rule-words.ts";
import { chainImage, chainParams, lookAtChain, programOf, seeChain } from "./chain.ts";

const params = chainParams.extend({
  number: z.string().regex(/^[1-9]\d{0,6}$/),
  text: z.string().min(1).max(16_384).refine((text) => !/[\n\r\0]/.test(text)),
});
type Params = z.infer<typeof params>;

/** A window of the chain is kept: chains of a kube-proxy hold tens of thousands of rules. */
const NEIGHBOURS = 3;
const image = chainImage.extend({
  count: z.number().int(),
  /** Number of the rule at the head of `rules`. */
  from: z.number().int(),
});
type Image = z.infer<typeof image>;

/**
 * Deletes by number only while that number holds that very text: another writer may have moved it since it was read.
 * 75: EX_TEMPFAIL.
 */
const DELETE_IF = `now=$("$1" -w -t "$2" -S "$3" "$4") || exit
[ "$now" = "$5" ] || { printf '%s\\n' "$now" >&2; exit 75; }
exec "$1" -w -t "$2" -D "$3" "$4"`;

function textOf(p: Params): string {
  if (p.backend === "nft") return bareNftRule(p.text);
  const bare = bareRule(p.text);
  return bare.startsWith("-A ") ? bare : `-A ${p.chain} ${bare}`;
}

function ruleAt(image: Image, number: number): string | null {
  return image.rules[number - image.from] ?? null;
}

/** Where the rule belongs in a chain that others may have changed: between the two that it was between. */
function placeIn(before: Image, present: Image, number: number): number | null {
  const previous = ruleAt(before, number - 1);
  const next = ruleAt(before, number + 1);
  const fits = (at: number) =>
    at >= 1 && at <= present.count + 1 && ruleAt(present, at - 1) === previous && ruleAt(present, at) === next;
  if (fits(number)) return number;
  const places = Array.from({ length: present.rules.length + 1 }, (_, i) => present.from + i).filter(fits);
  return places.length === 1 ? (places[0] ?? null) : null;
}

function occurrences(image: Image, text: string): number {
  return image.rules.filter((rule) => rule === text).length;
}

/** True when the rule is back (or was never taken away). */
function isBack(p: Params, before: Image, present: Image): boolean {
  return present.count >= before.count && occurrences(present, textOf(p)) >= occurrences(before, textOf(p));
}

function insertOf(p: Params, present: Image, at: number): Act {
  if (p.backend === "nft") {
    const previous = present.handles[at - 1 - present.from];
    const where = previous === undefined ? ["insert", "rule"] : ["add", "rule"];
    const position = previous === undefined ? [] : ["position", previous];
    return { argv: ["nft", ...where, p.family, p.table, p.chain, ...position, textOf(p)] };
  }
  const words = ruleWords(textOf(p)) ?? [];
  return { argv: [present.tool, "-w", "-t", p.table, "-I", p.chain, String(at), ...words.slice(2)] };
}

/** A rule of nft is text for a parser that knows `;` and blocks: only what is one rule goes back in. */
function canBeRestored(p: Params): boolean {
  if (p.backend !== "nft") return ruleWords(textOf(p)) !== null;
  return !/;|#|\bxt (match|target)\b/.test(textOf(p).replace(/"[^"]*"/g, ""));
}

export const removeRule = defineKind<Params, Image>({
  id: "remove-rule",
  on: "node",
  params: params.refine(canBeRestored, "the rule's text could not be put back"),
  image,
  fromEdit: (edit) =>
    edit.do === "remove-rule"
      ? {
          backend: edit.backend,
          family: edit.family,
          table: edit.table,
          chain: edit.chain,
          number: String(edit.number),
          text: edit.text,
        }
      : null,
  commands: (p) =>
    p.backend === "nft"
      ? [["nft", "delete", "rule", p.family, p.table, p.chain, "handle", "HANDLE"]]
      : [[programOf(p), "-t", p.table, "-D", p.chain, p.number]],
  looks: (p) => [lookAtChain(p)],
  see(p, answers) {
    const chain = seeChain(p, answers);
    return { ...chain, count: chain.rules.length, from: 1 };
  },
  judge(p, present, _found, before) {
    const at = ruleAt(present, Number(p.number));
    if (before !== null) {
      const gone = occurrences(present, textOf(p)) < occurrences(before, textOf(p));
      return gone ? "as-wanted" : { other: at ?? "absent" };
    }
    if (at === textOf(p)) return "as-found";
    return occurrences(present, textOf(p)) === 0 ? "as-wanted" : { other: at ?? "absent" };
  },
  acts(p, present) {
    const number = Number(p.number);
    if (p.backend === "nft") {
      return [{ argv: ["nft", "delete", "rule", p.family, p.table, p.chain, "handle", present.handles[number - present.from] ?? "0"] }];
    }
    return [{ argv: ["sh", "-c", DELETE_IF, "sh", present.tool, p.table, p.chain, p.number, textOf(p)] }];
  },
  disturbed(p, { before, first }) {
    if (isBack(p, before, first) || placeIn(before, first, Number(p.number)) !== null) return [];
    return [`${p.chain} has ${first.count} rules, the place of #${p.number} is gone`];
  },
  undo(p, { before, present }) {
    if (isBack(p, before, present)) return [];
    const number = Number(p.number);
    const at = placeIn(before, present, number) ?? Math.min(number, present.count + 1);
    return [insertOf(p, present, at)];
  },
  remaining: (p, { before, present }) => (isBack(p, before, present) ? [] : [`${p.chain} lacks ${textOf(p)}`]),
});
