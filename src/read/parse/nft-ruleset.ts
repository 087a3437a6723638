import { type CodedPhrase, phrase } from "../../facts/phrase.ts";
import type { Provenance, Source } from "../../facts/provenance.ts";
import type { Chain, Hook, IpSet, Match, Rule, RuleTable } from "../../facts/ruleset.ts";
import { ToldError } from "../../facts/told-error.ts";
import type { ChainDevices } from "./nft-devices.ts";
import type { Json } from "./nft-json.ts";
import { field, isObject, onlyEntry, textField } from "./nft-json.ts";
import type { TableContext } from "./nft-matches.ts";
import { readExpressions } from "./nft-rules.ts";
import type { NamedSet } from "./nft-sets.ts";
import { asIpSet, readNamedSet, setKey } from "./nft-sets.ts";
import { printNft } from "./nft-text.ts";
import type { Parsed } from "./parsed.ts";
import { Problems } from "./parsed.ts";

export interface NftFacts {
  readonly tables: readonly RuleTable[];
  /** Named sets of addresses, called `FAMILY TABLE NAME`. */
  readonly sets: readonly IpSet[];
}

/** What rules refer to by name. */
interface Named {
  readonly sets: Map<string, NamedSet>;
  readonly maps: Map<string, NamedSet>;
  readonly limits: Map<string, Json>;
}

interface TableDraft {
  readonly name: string;
  readonly family: string;
  readonly chains: Map<string, { readonly body: Json; readonly rules: Json[] }>;
}

/** More plain rules than this in one ruleset, and the rest is left unknown. */
const MOST_RULES = 200_000;

/**
 * `nft -j list ruleset`. Several plain rules may bear one number: those that a rule with a verdict map or a set of
 * interfaces comes down to. @param managed tables that iptables-nft printed, `FAMILY NAME`: left out here.
 * @param devices of chains whose JSON does not name them
 * @throws ToldError for what is no whole list: a part of it is no JSON, and nothing of it can be kept
 */
export function parseNftRuleset(
  json: string,
  source: Source,
  managed: ReadonlySet<string>,
  devices: ChainDevices = new Map(),
): Parsed<NftFacts> {
  const problems = new Problems();
  // nft prints everything on one line.
  const because: Provenance = { source, line: 1 };
  const items = readItems(json);
  const tables = new Map<string, TableDraft>();
  const named: Named = { sets: new Map(), maps: new Map(), limits: new Map() };
  for (const item of items) collect(item, managed, tables, named, problems);
  const ipSets = [...named.sets.values()].map((set) => asIpSet(set, because)).filter((set) => set !== null);
  const budget = { rules: MOST_RULES };
  const built = [...tables.values()].map((table): RuleTable => {
    const context: TableContext = { family: table.family, table: table.name, ...named };
    const chains = [...table.chains].map(([name, { body, rules }]) => {
      const told = devices.get(`${table.family} ${table.name} ${name}`) ?? [];
      return buildChain(body, rules, context, because, budget, told);
    });
    return { name: table.name, family: table.family, chains };
  });
  if (budget.rules <= 0) note(problems, "ruleset", phrase("rules-beyond", { most: MOST_RULES }));
  return { value: { tables: built, sets: ipSets }, problems: problems.list() };
}

/** Even of a namespace without rules nft prints a list, in which it tells its own version. */
function readItems(json: string): readonly Json[] {
  let parsed: Json;
  try {
    parsed = JSON.parse(json);
  } catch (cause) {
    throw new ToldError(phrase("no-json"), null, { cause });
  }
  const items = field(parsed, "nftables");
  if (!Array.isArray(items)) throw new ToldError(phrase("no-nft-list"), null);
  return items;
}

function note(problems: Problems, text: string, why: CodedPhrase): void {
  problems.add({ number: 1, text }, why);
}

function collect(
  item: Json,
  managed: ReadonlySet<string>,
  tables: Map<string, TableDraft>,
  named: Named,
  problems: Problems,
): void {
  const [kind, body] = onlyEntry(item) ?? ["", null];
  if (kind === "metainfo") return;
  const family = textField(body, "family");
  const name = textField(body, "name");
  const tableName = kind === "table" ? name : textField(body, "table");
  if (family === null || tableName === null) {
    note(problems, printNft(item), phrase("no-nft-object"));
    return;
  }
  const key = `${family} ${tableName}`;
  if (managed.has(key)) return;
  const table = tables.get(key) ?? { name: tableName, family, chains: new Map() };
  tables.set(key, table);
  switch (kind) {
    case "chain":
      if (name !== null) table.chains.set(name, { body, rules: table.chains.get(name)?.rules ?? [] });
      return;
    case "rule": {
      const chain = table.chains.get(textField(body, "chain") ?? "");
      if (chain === undefined) note(problems, printNft(item), phrase("chain-not-declared"));
      else chain.rules.push(body);
      return;
    }
    case "set":
    case "map": {
      const set = readNamedSet(body);
      if (set !== null) (kind === "set" ? named.sets : named.maps).set(set.key, set);
      return;
    }
    case "limit":
      if (name !== null) named.limits.set(setKey(family, tableName, name), body);
      return;
    case "flowtable":
      note(problems, `flowtable ${key} ${name ?? ""}`, phrase("flowtable-offloads"));
      return;
    default:
  }
}

const HOOKS: Readonly<Record<string, Chain["hook"]>> = {
  prerouting: "PREROUTING" satisfies Hook,
  input: "INPUT",
  forward: "FORWARD",
  output: "OUTPUT",
  postrouting: "POSTROUTING",
  ingress: "ingress",
  egress: "egress",
};

/** NFT_RULE_MAXEXPRS (net/netfilter/nf_tables_api.c): a statement is one expression of the kernel at the least. */
const MOST_STATEMENTS = 128;

function buildChain(
  body: Json,
  ruleBodies: readonly Json[],
  context: TableContext,
  because: Provenance,
  budget: { rules: number },
  told: readonly string[],
): Chain {
  const hookName = textField(body, "hook") ?? "";
  const hook = Object.hasOwn(HOOKS, hookName) ? (HOOKS[hookName] ?? null) : null;
  const prio = field(body, "prio");
  const own = devicesOf(body);
  const devices = hook === null ? [] : matchesOf(own.length > 0 ? own : told, hook);
  const rules: Rule[] = [];
  const add = (build: () => readonly Rule[], unread: () => Rule): void => {
    const built = budget.rules > 0 ? onEach(devices, build(), budget) : null;
    for (const rule of built ?? [unread()]) rules.push(rule);
  };
  for (const [i, rule] of ruleBodies.entries()) {
    // All on one line: by an object of its own a rule's provenance is told from the next one's.
    const ofRule = { ...because };
    add(
      () => buildRule(rule, i + 1, context, ofRule),
      () => unreadRule(rule, i + 1, ofRule),
    );
  }
  const dropsByPolicy = textField(body, "policy") === "drop";
  if (dropsByPolicy && devices.length > 0) {
    const unread = unreadRule({ expr: "policy drop" }, 0, because);
    add(
      () => [{ ...unread, targets: [{ do: "DROP" }] }],
      () => unread,
    );
  }
  return {
    name: textField(body, "name") ?? "",
    hook,
    priority: hook === null ? null : typeof prio === "number" ? prio : 0,
    type: hook === null ? null : (textField(body, "type") ?? "filter"),
    // A chain of some devices has its policy as a last rule, for a policy would hold for every device.
    policy: hook === null ? null : dropsByPolicy && devices.length === 0 ? "DROP" : "ACCEPT",
    rules,
    because,
  };
}

function devicesOf(body: Json): readonly string[] {
  const dev = field(body, "dev");
  return (Array.isArray(dev) ? dev : [dev]).filter((name): name is string => typeof name === "string");
}

function matchesOf(devices: readonly string[], hook: NonNullable<Chain["hook"]>): readonly Match[] {
  return devices.map((name) => ({ match: hook === "egress" ? "out" : "in", name, negate: false }));
}

/**
 * Rules on each of the devices that their chain is bound to, if to any. Null when that is more than may be: one with many
 * matches counts as several, for each device has its own list of them.
 */
function onEach(devices: readonly Match[], rules: readonly Rule[], budget: { rules: number }): readonly Rule[] | null {
  const isBound = devices.length > 0;
  budget.rules -= isBound
    ? devices.length * rules.reduce((sum, { matches }) => sum + Math.ceil((matches.length + 1) / 8), 0)
    : rules.length;
  if (budget.rules <= 0) return null;
  return isBound
    ? rules.flatMap((rule) => devices.map((device) => ({ ...rule, matches: [device, ...rule.matches] })))
    : rules;
}

function buildRule(body: Json, number: number, context: TableContext, because: Provenance): readonly Rule[] {
  const statements = field(body, "expr");
  if (!Array.isArray(statements) || statements.length > MOST_STATEMENTS) return [unreadRule(body, number, because)];
  const comment = textField(body, "comment");
  const packets = statements
    .map((statement) => field(field(statement, "counter"), "packets"))
    .find((n) => n !== undefined);
  const text = statements.slice(0, 64).map(printNft).join(" ");
  return readExpressions(statements, context).map((rule) => ({
    number,
    ...rule,
    comment,
    packets: typeof packets === "number" ? packets : null,
    text,
    because,
  }));
}

function unreadRule(body: Json, number: number, because: Provenance): Rule {
  const text = isObject(body) ? printNft(field(body, "expr") ?? null) : "";
  return {
    number,
    matches: [],
    targets: [{ do: "unknown", name: "rule", text }],
    comment: null,
    packets: null,
    text,
    because,
  };
}
