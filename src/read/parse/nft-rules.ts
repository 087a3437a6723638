import type { Match, Target } from "../../facts/ruleset.ts";
import { ICMP_CODES, ICMPV6_CODES } from "./nft-icmp-types.ts";
import type { Json } from "./nft-json.ts";
import { field, onlyEntry, textField, u32 } from "./nft-json.ts";
import type { TableContext, Ways } from "./nft-matches.ts";
import { countOf, MOST_WAYS, readKey, readMatch, readParts, unknownMatch } from "./nft-matches.ts";
import { bareElement, setKey } from "./nft-sets.ts";
import { natImplies, natRange, readStatement, readVerdict, unknownTarget } from "./nft-targets.ts";
import { printNft } from "./nft-text.ts";

/** One of the plain rules that a rule of nft comes down to. */
export interface PlainRule {
  readonly matches: readonly Match[];
  readonly targets: readonly Target[];
}

/** What a rule comes down to whose map is empty: it is there, and no packet is its. */
const NEVER: PlainRule = { matches: [{ match: "source", negate: false, prefixes: [] }], targets: [] };

/**
 * The statements of a rule, in their order, as plain rules that do the same one after the other: a set of interfaces
 * or a verdict map makes several, and so does a change that stands before another match.
 */
export function readExpressions(statements: readonly Json[], context: TableContext): readonly PlainRule[] {
  const rules: PlainRule[] = [];
  let ways: Ways = [[]];
  let targets: Target[] = [];
  const flush = (): void => {
    for (const matches of ways) rules.push({ matches, targets });
    // Asked again by the rules after this one: what it changed, they must not ask about.
    if (targets.some((t) => t.do === "MARK" || t.do === "CONNMARK")) {
      ways = ways.map((way) => way.map((match) => (asksChanged(match, targets) ? forgotten(match) : match)));
    }
    targets = [];
  };
  const narrow = (more: Ways): void => {
    if (targets.length > 0) flush();
    const product = ways.length * more.length;
    ways =
      product > MOST_WAYS
        ? [[{ match: "unknown", module: "nft", text: `${product} combinations`, negate: false }]]
        : ways.flatMap((way) => more.map((match) => joinIcmpCode([...way, ...match])));
  };
  for (const statement of statements) {
    const [name, body] = onlyEntry(statement) ?? ["", null];
    if (name === "match") narrow(matchWays(statement, context));
    else if (name === "limit") narrow([[limitMatch(statement, [body], context)]]);
    else if (name === "set" && Array.isArray(field(body, "stmt"))) narrow([[meterMatch(statement, body, context)]]);
    else if (name === "ct count" || name === "quota" || name === "connlimit") narrow([[unknownMatch(name, statement)]]);
    else if (name === "xt" && textField(body, "type") === "match") narrow([[unknownMatch("xt", statement)]]);
    else {
      const mapped = name === "vmap" ? readVmap(body, context) : readMappedNat(statement, context);
      if (mapped === null && name !== "vmap") {
        const implies = natImplies(statement, context.family);
        if (implies.length > 0) narrow([implies]);
        targets.push(...readStatement(statement));
        continue;
      }
      if (targets.length > 0) flush();
      if (mapped === null || mapped.length * ways.length > MOST_WAYS) targets.push(unknownTarget(statement));
      else if (mapped.length === 0) return [...rules, NEVER];
      else {
        for (const way of ways) {
          for (const rule of mapped) rules.push({ matches: [...way, ...rule.matches], targets: rule.targets });
        }
        return rules;
      }
    }
  }
  flush();
  return rules;
}

/** ICMP codes are a field of their own in nft, but of a type in the facts. */
function matchWays(statement: Json, context: TableContext): Ways {
  const body = field(statement, "match");
  const payload = field(field(body, "left"), "payload");
  const protocol = textField(payload, "protocol");
  const names = protocol === "icmp" ? ICMP_CODES : protocol === "icmpv6" ? ICMPV6_CODES : null;
  const isCode = names !== null && textField(payload, "field") === "code" && textField(body, "op") === "==";
  const code = isCode ? icmpCode(field(body, "right"), names) : null;
  if (code !== null) return [[{ match: "icmp-type", type: -1, code, negate: false }]];
  return readMatch(statement, context);
}

function icmpCode(right: Json, names: Readonly<Record<string, number>>): number | null {
  if (typeof right === "string" && Object.hasOwn(names, right)) return names[right] ?? null;
  return u32(right);
}

/** Puts a code that stands alone (type -1) into the type before it, or gives it up. */
function joinIcmpCode(way: readonly Match[]): readonly Match[] {
  const last = way.at(-1);
  if (last?.match !== "icmp-type" || last.type !== -1) return way;
  const at = way.findLastIndex((match) => match.match === "icmp-type" && match.type >= 0);
  const type = way[at];
  if (type?.match === "icmp-type" && type.code === null && !type.negate) {
    return way.slice(0, -1).map((match, i) => (i === at ? { ...type, code: last.code } : match));
  }
  return [...way.slice(0, -1), { match: "unknown", module: "icmp", text: `icmp code ${last.code}`, negate: false }];
}

/** A limit that is named says nothing of itself: its object tells whether it lets the rate pass or what exceeds it. */
function limitMatch(statement: Json, limits: readonly Json[], context: TableContext): Match {
  const told = limits.map((limit) =>
    typeof limit === "string" ? context.limits.get(setKey(context.family, context.table, limit)) : limit,
  );
  if (told.some((limit) => field(limit, "rate") === undefined)) return unknownMatch("limit", statement);
  const over = told.some((limit) => field(limit, "inv") === true);
  return { match: "limit", text: printNft(statement), negate: over };
}

/** `update @seen { ip saddr limit rate over 5/second }`: what stands inside decides whether the rule goes on. */
function meterMatch(statement: Json, body: Json, context: TableContext): Match {
  const inner = field(body, "stmt");
  const isRate =
    Array.isArray(inner) && inner.every((one) => /^(?:limit|counter|last)$/.test(onlyEntry(one)?.[0] ?? ""));
  if (!isRate) return unknownMatch("set", statement);
  const limits = inner.map((one) => field(one, "limit")).filter((limit) => limit !== undefined);
  return limitMatch(statement, limits, context);
}

function asksChanged(match: Match, targets: readonly Target[]): boolean {
  return targets.some(
    (target) =>
      (match.match === "mark" && (target.do === "MARK" || (target.do === "CONNMARK" && target.op === "restore"))) ||
      (match.match === "ct-mark" && target.do === "CONNMARK" && target.op !== "restore"),
  );
}

function forgotten(match: Match): Match {
  return { match: "unknown", module: "nft", text: `${match.match}, asked before it was set`, negate: false };
}

/** Elements of an anonymous or named map as pairs; null when it is not in the listing. */
function pairsOf(data: Json, context: TableContext): readonly (readonly [Json, Json])[] | null {
  const elements =
    typeof data === "string" && data.startsWith("@")
      ? context.maps.get(setKey(context.family, context.table, data.slice(1)))?.elements
      : field(data, "set");
  if (!Array.isArray(elements)) return null;
  const pairs: (readonly [Json, Json])[] = [];
  for (const element of elements) {
    if (!Array.isArray(element) || element.length !== 2) return null;
    pairs.push([bareElement(element[0]), element[1]]);
  }
  return pairs;
}

/** What a packet must be for each element of a map. Keys never overlap, so each stands alone. */
function keyWays(key: Json, pairs: readonly (readonly [Json, Json])[], context: TableContext): Ways | null {
  const numgen = field(key, "numgen");
  if (numgen !== undefined) return chanceWays(numgen, pairs);
  const parts = readParts(key, context.family);
  if (parts === null) return null;
  const ways: (readonly Match[])[] = [];
  for (const [value] of pairs) {
    const way = readKey(parts, value);
    if (way === null) return null;
    ways.push(way);
  }
  return ways;
}

/** `numgen random mod 3 vmap { 0 : …, 1 : …, 2 : … }`: a third; half of the rest; all that is left. */
function chanceWays(numgen: Json, pairs: readonly (readonly [Json, Json])[]): Ways | null {
  const mod = u32(field(numgen, "mod"));
  const mode = textField(numgen, "mode") === "inc" ? "nth" : "random";
  if (mod === null || mod === 0) return null;
  let left = mod;
  const ways: (readonly Match[])[] = [];
  for (const [value] of pairs) {
    const count = countOf(value);
    if (!(count <= left)) return null;
    const match: Match = { match: "statistic", mode, probability: count / left, negate: false };
    ways.push(count === left ? [] : [match]);
    left -= count;
  }
  return ways;
}

function readVmap(body: Json, context: TableContext): readonly PlainRule[] | null {
  const pairs = pairsOf(field(body, "data"), context);
  const ways = pairs === null ? null : keyWays(field(body, "key"), pairs, context);
  if (pairs === null || ways === null) return null;
  return pairs.flatMap(([, value], i): readonly PlainRule[] => {
    const [name, verdict] = onlyEntry(value) ?? ["", null];
    // `continue` is a value too: the rule ends there without a verdict, as it would without the element.
    if (name === "continue") return [];
    return [{ matches: ways[i] ?? [], targets: [readVerdict(name, verdict) ?? unknownTarget(value)] }];
  });
}

/** `dnat to numgen random mod 2 map { 0 : 10.0.0.1, 1 : 10.0.0.2 }`; null for a statement without a map. */
function readMappedNat(statement: Json, context: TableContext): readonly PlainRule[] | null {
  const [name, body] = onlyEntry(statement) ?? ["", null];
  const map = field(field(body, "addr"), "map");
  if ((name !== "dnat" && name !== "snat") || map === undefined) return null;
  const pairs = pairsOf(field(map, "data"), context);
  const ways = pairs === null ? null : keyWays(field(map, "key"), pairs, context);
  if (pairs === null || ways === null) return null;
  const rules: PlainRule[] = [];
  const implies = natImplies(statement, context.family);
  for (const [i, [, value]] of pairs.entries()) {
    const range = natRange(value, field(body, "port"), body);
    if (range === null) return null;
    const target: Target = { do: name === "dnat" ? "DNAT" : "SNAT", range };
    rules.push({ matches: [...implies, ...(ways[i] ?? [])], targets: [target] });
  }
  return rules;
}
