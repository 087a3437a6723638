import { phrase } from "../../../facts/phrase.ts";
import { field } from "../../../read/parse/nft-json.ts";
import { parseNftRuleset } from "../../../read/parse/nft-ruleset.ts";
import { type Answer, type Look, linesOf, ReadFailure, said } from "../kind.ts";
import { bareNftRule } from "../text/rule-words.ts";
import type { ChainImage, ChainParams } from "./chain.ts";

/** As text, which nft takes back, and as JSON, from which the facts have their words. */
export function lookAtNftChain({ family, table, chain }: ChainParams): Look[] {
  return [
    { argv: ["nft", "-a", "-s", "list", "chain", family, table, chain] },
    { argv: ["nft", "-j", "list", "chain", family, table, chain] },
  ];
}

export function seeNftChain(p: ChainParams, answers: readonly Answer[]): ChainImage {
  const [answer] = answers;
  if (answer?.status !== 0 && /No such file or directory/.test(answer?.stderr ?? "")) {
    return { tool: "nft", exists: false, policy: null, rules: [], handles: [], spoken: [] };
  }
  const listed = readListing(said(answers));
  const json = said(answers, 1);
  if (handlesIn(json).join() !== listed.handles.join()) throw new ReadFailure(phrase("chain-changed"));
  return { tool: "nft", exists: true, ...listed, spoken: spokenIn(json, p, listed.handles.length) };
}

function readListing(text: string): Pick<ChainImage, "policy" | "rules" | "handles"> {
  let policy: string | null = null;
  const rules: string[] = [];
  const handles: string[] = [];
  for (const line of linesOf(text)) {
    const head = /^type \S+ hook .*?(?:policy (\w+);)?$/.exec(line);
    const handle = /# handle (\d+)$/.exec(line)?.[1];
    if (head !== null) policy = head[1] ?? null;
    else if (handle !== undefined && !/^(table|chain) .*\{ # handle \d+$/.test(line)) {
      rules.push(bareNftRule(line));
      handles.push(handle);
    }
  }
  return { policy, rules, handles };
}

function handlesIn(json: string): string[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (cause) {
    throw new ReadFailure(phrase("no-json"), { cause });
  }
  const items = field(parsed, "nftables");
  if (!Array.isArray(items)) return [];
  return items.flatMap((item) => {
    const handle = field(field(item, "rule"), "handle");
    return handle === undefined ? [] : [String(handle)];
  });
}

function spokenIn(json: string, p: ChainParams, count: number): string[] {
  const source = { node: "", netns: "", argv: [], at: "" };
  const { tables } = parseNftRuleset(json, source, new Set()).value;
  const rules = tables.flatMap((table) => table.chains).find((chain) => chain.name === p.chain)?.rules ?? [];
  const byNumber = new Map(rules.map((rule) => [rule.number, rule.text]));
  return Array.from({ length: count }, (_, i) => byNumber.get(i + 1) ?? "");
}
