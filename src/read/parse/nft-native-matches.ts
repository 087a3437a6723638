import type { Match, Rule, RuleTable, Target } from "../../facts/ruleset.ts";
import type { Json } from "./nft-json.ts";
import { field, onlyEntry, textField } from "./nft-json.ts";
import { readMatch, unknownMatch } from "./nft-matches.ts";

/** `FAMILY TABLE CHAIN` to what nft tells of each of its rules, in their order. */
type NativeMatches = ReadonlyMap<string, readonly (readonly Match[])[]>;

/** What every iptables-nft writes as expressions of nf_tables, and reads again. */
const ALWAYS_NATIVE: ReadonlySet<Match["match"]> = new Set([
  "source",
  "destination",
  "in",
  "out",
  "protocol",
  "fragment",
]);

/** Tables in a list of nft, `FAMILY NAME`; none when it is no JSON. */
export function listedTables(json: string): ReadonlySet<string> {
  const tables = itemsOf(json).flatMap((item) => {
    const table = field(item, "table");
    return table === undefined ? [] : [`${textField(table, "family")} ${textField(table, "name")}`];
  });
  return new Set(tables);
}

/**
 * Since 1.8.8 iptables-nft writes `-m mark` and the ports of tcp and udp as expressions of nf_tables. An older iptables-save does not
 * know them there and leaves them out without a word, so that a rule for some packets reads as one for all: a container's
 * newer iptables wrote it (https://github.com/kubernetes/kubernetes/issues/112477). What nft tells of that rule is put back.
 */
export function withNativeMatches(tables: readonly RuleTable[], json: string): readonly RuleTable[] {
  const native = nativeMatches(json);
  return tables.map((table) => ({
    ...table,
    chains: table.chains.map((chain) => {
      const told = native.get(`${table.family} ${table.name} ${chain.name}`) ?? [];
      // Read at two moments, they may be of two rulesets: then what was left out may be of any of these rules.
      const isSame = told.length === chain.rules.length;
      const ofAny: readonly Match[] = told.flat().some(isLeftOut) ? [UNTOLD] : [];
      return { ...chain, rules: chain.rules.map((rule, i) => completed(rule, isSame ? (told[i] ?? []) : ofAny)) };
    }),
  }));
}

/**
 * The same where nft cannot be asked: what looks like a refusal or an exception (DROP, REJECT, RETURN) for all packets may be one
 * for some, and is in doubt. Who wrote a chain of his own writes all its rules alike, so one mark or port that is shown
 * clears the chain; the rules of a built-in chain, which many write, stand each for itself.
 */
export function withDoubtAboutMatches(tables: readonly RuleTable[]): readonly RuleTable[] {
  const isClear = ({ matches }: Rule): boolean => matches.some(({ match }) => NATIVE_SINCE_1_8_8.has(match));
  const isWeighty = ({ targets }: Rule): boolean => targets.some((target) => REFUSALS.has(target.do));
  return tables.map((table) => ({
    ...table,
    chains: table.chains.map((chain) => {
      if (chain.hook === null && chain.rules.some(isClear)) return chain;
      const rules = chain.rules.map((rule) =>
        isWeighty(rule) && !isClear(rule) ? { ...rule, matches: [...rule.matches, UNTOLD] } : rule,
      );
      return { ...chain, rules };
    }),
  }));
}

const NATIVE_SINCE_1_8_8: ReadonlySet<Match["match"]> = new Set(["mark", "sport", "dport", "port"]);
const REFUSALS: ReadonlySet<Target["do"]> = new Set(["DROP", "REJECT", "RETURN"]);

const UNTOLD: Match = { match: "unknown", module: "nft", text: "a match that iptables-save left out", negate: false };

function isLeftOut({ match }: Match): boolean {
  return !ALWAYS_NATIVE.has(match);
}

function completed(rule: Rule, native: readonly Match[]): Rule {
  const kinds = new Set<string>(rule.matches.map(({ match }) => match));
  const missing = native.filter((match) => isLeftOut(match) && !kinds.has(match.match));
  return missing.length === 0 ? rule : { ...rule, matches: [...rule.matches, ...missing] };
}

function nativeMatches(json: string): NativeMatches {
  const chains = new Map<string, (readonly Match[])[]>();
  for (const item of itemsOf(json)) {
    const rule = field(item, "rule");
    const family = textField(rule, "family");
    const table = textField(rule, "table");
    if (family === null || table === null) continue;
    const key = `${family} ${table} ${textField(rule, "chain")}`;
    const statements = field(rule, "expr");
    const context = { family, table, sets: new Map(), maps: new Map(), limits: new Map() };
    const matches = (Array.isArray(statements) ? statements : []).flatMap((statement): readonly Match[] => {
      if (onlyEntry(statement)?.[0] !== "match") return [];
      const ways = readMatch(statement, context);
      const [way] = ways;
      return way !== undefined && ways.length === 1 ? way : [unknownMatch("nft", statement)];
    });
    const rules = chains.get(key);
    if (rules === undefined) chains.set(key, [matches]);
    else rules.push(matches);
  }
  return chains;
}

function itemsOf(json: string): readonly Json[] {
  try {
    const items = field(JSON.parse(json) as Json, "nftables");
    return Array.isArray(items) ? items : [];
  } catch {
    return [];
  }
}
