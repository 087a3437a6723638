import { phrase } from "../../facts/phrase.ts";
import type { Source } from "../../facts/provenance.ts";
import type { Backend, Chain, Hook, Match, Rule, RuleTable, Target } from "../../facts/ruleset.ts";
import { readMatches } from "./iptables-matches.ts";
import { readTarget } from "./iptables-targets.ts";
import { groupOptions, splitRule } from "./iptables-words.ts";
import type { Line, Parsed } from "./parsed.ts";
import { because, linesOf, Problems } from "./parsed.ts";

type ChainDraft = Omit<Chain, "rules"> & { readonly rules: Rule[] };

interface TableDraft {
  readonly name: string;
  readonly chains: Map<string, ChainDraft>;
  /** Rules wait for the end of their table: only then are its chains known. */
  readonly rules: { readonly line: Line; readonly text: string; readonly packets: number | null }[];
}

const HOOKS: readonly Hook[] = ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"];

/** net/ipv4/netfilter/iptable_*.c: the priority of a table's base chains; nat differs by hook. */
const PRIORITIES: Readonly<Record<string, number>> = { raw: -300, mangle: -150, filter: 0, security: 50 };

/**
 * `iptables-save [-c]` and `ip6tables-save`, of either backend. A table that ended before its COMMIT is kept with a
 * problem: rules may be missing from it.
 */
export function parseIptablesSave(
  text: string,
  source: Source,
  backend: Backend,
  family: "ip" | "ip6",
): Parsed<readonly RuleTable[]> {
  const problems = new Problems();
  const tables = new Map<string, RuleTable>();
  let draft: TableDraft | null = null;
  let last: Line | null = null;
  for (const line of linesOf(text)) {
    last = line;
    const first = line.text[0];
    if (first === "#") {
      // The nft backend cannot print a table that somebody else wrote to.
      if (/is incompatible/.test(line.text)) problems.add(line, phrase("table-not-printed", { backend }));
    } else if (first === "*") {
      if (draft !== null) {
        problems.add(line, phrase("no-commit"));
        tables.set(draft.name, closeEarly(draft, build(draft, source, family, problems), line, source));
      }
      draft = { name: line.text.slice(1).trim(), chains: new Map(), rules: [] };
    } else if (draft === null) problems.add(line, phrase("outside-table"));
    else if (/^COMMIT\s*$/.test(line.text)) {
      tables.set(draft.name, build(draft, source, family, problems));
      draft = null;
    } else if (first === ":") addChain(draft, line, source, problems);
    else addRule(draft, line, problems);
  }
  if (draft !== null && last !== null) {
    problems.add(last, phrase("ends-in-table"));
    tables.set(draft.name, closeEarly(draft, build(draft, source, family, problems), last, source));
  }
  return { value: [...tables.values()], problems: problems.list() };
}

function addChain(draft: TableDraft, line: Line, source: Source, problems: Problems): void {
  const [, name = "", policy = ""] = /^:(\S+)\s+(\S+)/.exec(line.text) ?? [];
  const hook = HOOKS.find((known) => known === name) ?? null;
  const isBase = policy !== "-";
  const priority = hook === null ? null : priorityOf(draft.name, hook);
  if (name === "" || (isBase && (hook === null || priority === null || !/^(?:ACCEPT|DROP)$/.test(policy)))) {
    problems.add(line, phrase("unknown-base-chain"));
    if (name === "") return;
  }
  draft.chains.set(name, {
    name,
    hook: isBase ? hook : null,
    priority: isBase ? priority : null,
    type: isBase ? typeOf(draft.name, hook) : null,
    policy: policy === "ACCEPT" || policy === "DROP" ? policy : null,
    rules: [],
    because: because(source, line),
  });
}

function priorityOf(table: string, hook: Hook): number | null {
  if (table === "nat") return hook === "PREROUTING" || hook === "OUTPUT" ? -100 : 100;
  return Object.hasOwn(PRIORITIES, table) ? (PRIORITIES[table] ?? null) : null;
}

function typeOf(table: string, hook: Hook | null): string {
  if (table === "nat") return "nat";
  return table === "mangle" && hook === "OUTPUT" ? "route" : "filter";
}

function addRule(draft: TableDraft, line: Line, problems: Problems): void {
  const counted = /^\[(\d{1,20}):\d{1,20}\]\s+/.exec(line.text);
  const text = line.text.slice(counted?.[0].length ?? 0).trim();
  if (!text.startsWith("-A ")) {
    problems.add(line, phrase("no-rule"));
    return;
  }
  draft.rules.push({ line, text, packets: counted === null ? null : Number(counted[1]) });
}

function build(draft: TableDraft, source: Source, family: "ip" | "ip6", problems: Problems): RuleTable {
  const userChains = new Set([...draft.chains.values()].filter((chain) => chain.hook === null).map((c) => c.name));
  for (const { line, text, packets } of draft.rules) {
    const words = splitRule(text);
    const chain = draft.chains.get(words[1]?.text ?? "");
    if (chain === undefined) {
      problems.add(line, phrase("chain-not-declared"));
      continue;
    }
    const groups = groupOptions(words.slice(2));
    const ipVersion = family === "ip" ? 4 : 6;
    const matches: Match[] = [];
    const targets: Target[] = [];
    let comment: string | null = null;
    for (const group of groups) {
      if (group.kind === "jump" || group.kind === "goto") targets.push(readTarget(group, userChains, ipVersion));
      else matches.push(...readMatches(group, ipVersion, source.at));
      if (group.name === "comment") comment ??= group.options[0]?.values[0] ?? null;
    }
    chain.rules.push({
      number: chain.rules.length + 1,
      matches,
      targets,
      comment,
      packets,
      text,
      because: because(source, line),
    });
  }
  return { name: draft.name, family, chains: [...draft.chains.values()] };
}

/**
 * Rules are printed chain by chain, so where the output was cut, the chain it was at and those after it may hold
 * rules that nobody saw: each ends in a rule that says so, in place of the one that was cut.
 */
function closeEarly(draft: TableDraft, table: RuleTable, at: Line, source: Source): RuleTable {
  const lastRule = draft.rules.at(-1);
  const current = table.chains.findIndex((chain) => chain.rules.at(-1)?.because.line === lastRule?.line.number);
  const cut = (chain: Chain, index: number): Chain => {
    if (index < current) return chain;
    const kept = index === current ? chain.rules.slice(0, -1) : chain.rules;
    const text = "(the output ends here)";
    const rule: Rule = {
      number: kept.length + 1,
      matches: [],
      targets: [{ do: "unknown", name: "truncated", text }],
      comment: null,
      packets: null,
      text,
      because: because(source, at),
    };
    return { ...chain, rules: [...kept, rule] };
  };
  return { ...table, chains: table.chains.map(cut) };
}
