import type { Match } from "../../facts/ruleset.ts";
import type { Component } from "./nft-components.ts";
import { impliedFamily, readComponent } from "./nft-components.ts";
import type { Json } from "./nft-json.ts";
import { field, flagList, textField, u32 } from "./nft-json.ts";
import type { NamedSet } from "./nft-sets.ts";
import { addressVersion, bareElement, setKey } from "./nft-sets.ts";
import { printNft } from "./nft-text.ts";

/** Any of these ways, each of which is all of its matches. */
export type Ways = readonly (readonly Match[])[];

export interface TableContext {
  readonly family: string;
  readonly table: string;
  readonly sets: ReadonlyMap<string, NamedSet>;
  readonly maps: ReadonlyMap<string, NamedSet>;
  /** Named limits as their objects say them, by `FAMILY TABLE NAME`. */
  readonly limits: ReadonlyMap<string, Json>;
}

/** More ways than this, and a match is not spread out but left unknown. */
export const MOST_WAYS = 4096;

const TCP_FLAGS = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECN", "CWR"];

export function unknownMatch(module: string, statement: Json): Match {
  return { match: "unknown", module, text: printNft(statement), negate: false };
}

/** A `match` statement. What is not modelled is one way that is unknown. */
export function readMatch(statement: Json, context: TableContext): Ways {
  const body = field(statement, "match");
  const op = textField(body, "op") ?? "==";
  const left = field(body, "left");
  const right = field(body, "right");
  return (
    readMasked(left, op, right, context) ??
    readOrdered(left, op, right, context) ??
    readSpecial(left, op, right, context) ??
    readEquality(left, op, right, context) ?? [[unknownMatch("nft", statement)]]
  );
}

function readEquality(left: Json, op: string, right: Json, context: TableContext): Ways | null {
  if (op !== "==" && op !== "!=" && op !== "in") return null;
  const negate = op === "!=";
  const component = readComponent(left, context.family);
  if (component === null) return negate ? null : readConcatenation(left, right, context);
  const named = namedSet(right, context);
  if (named !== null && component.side !== null && addressVersion(named) !== null) {
    return [[...component.implies, { match: "set", set: named.key, dimensions: [component.side], negate }]];
  }
  const values = valuesOf(right, context);
  if (values === null) return null;
  const matches: Match[] = [];
  for (const value of values) {
    const match = component.equals(value);
    if (match === null) return null;
    matches.push(match);
  }
  const merged = mergeAlike(matches);
  if (negate) return [[...component.implies, ...merged.map((match) => ({ ...match, negate: !match.negate }))]];
  return merged.map((match) => withImplied(component, match));
}

/** A prefix of addresses is of one family already. */
function withImplied(component: Component, match: Match): readonly Match[] {
  return match.match === "source" || match.match === "destination" ? [match] : [...component.implies, match];
}

/** `ip saddr . tcp dport { 10.0.0.1 . 80 }`. */
function readConcatenation(left: Json, right: Json, context: TableContext): Ways | null {
  const parts = readParts(left, context.family);
  const values = valuesOf(right, context);
  if (parts === null || values === null || values.length > MOST_WAYS) return null;
  const ways: (readonly Match[])[] = [];
  for (const value of values) {
    const way = readKey(parts, value);
    if (way === null) return null;
    ways.push(way);
  }
  return ways;
}

/** The selectors of a key, one or several joined by dots. */
export function readParts(key: Json, family: string): readonly Component[] | null {
  const concat = field(key, "concat");
  const parts = (Array.isArray(concat) ? concat : [key]).map((part) => readComponent(part, family));
  return parts.every((part) => part !== null) ? parts : null;
}

/** What a packet must be to have this value of a key. */
export function readKey(parts: readonly Component[], value: Json): readonly Match[] | null {
  const concat = field(value, "concat");
  const values = parts.length > 1 ? concat : [value];
  if (!Array.isArray(values) || values.length !== parts.length) return null;
  const way: Match[] = [];
  for (const [i, part] of parts.entries()) {
    const match = part.equals(values[i]);
    if (match === null) return null;
    way.push(...withImplied(part, match));
  }
  return way;
}

/** Elements of an anonymous or named set, or the one literal. Null for a named set that is not in the listing. */
function valuesOf(right: Json, context: TableContext): readonly Json[] | null {
  if (isReference(right)) {
    const named = namedSet(right, context);
    return named === null ? null : named.elements.map(bareElement);
  }
  const set = field(right, "set");
  if (Array.isArray(set)) return set.map(bareElement);
  return [right];
}

function isReference(right: Json): right is string {
  return typeof right === "string" && right.startsWith("@");
}

function namedSet(right: Json, context: TableContext): NamedSet | null {
  return isReference(right) ? (context.sets.get(setKey(context.family, context.table, right.slice(1))) ?? null) : null;
}

/** One match that holds several values, where the fact has room for them: `tcp dport { 22, 80-90 }`. */
function mergeAlike(matches: readonly Match[]): readonly Match[] {
  const [first] = matches;
  if (first === undefined || matches.length === 1) return matches;
  if (matches.some((one) => one.negate || one.match !== first.match)) return matches;
  switch (first.match) {
    case "source":
    case "destination":
      return [{ ...first, prefixes: matches.flatMap((one) => (one.match === first.match ? one.prefixes : [])) }];
    case "sport":
    case "dport":
      return [{ ...first, ranges: matches.flatMap((one) => (one.match === first.match ? one.ranges : [])) }];
    case "protocol":
      return [{ ...first, protocols: matches.flatMap((one) => (one.match === "protocol" ? one.protocols : [])) }];
    case "ct-state":
      return [{ ...first, states: matches.flatMap((one) => (one.match === "ct-state" ? one.states : [])) }];
    case "addrtype":
      return [{ ...first, types: matches.flatMap((one) => (one.match === "addrtype" ? one.types : [])) }];
    default:
      return matches;
  }
}

/** `meta mark & 0xff00 == 0x1200`, `tcp flags & (fin | syn) == syn`, `ip frag-off & 0x1fff != 0`. */
function readMasked(left: Json, op: string, right: Json, context: TableContext): Ways | null {
  const operands = field(left, "&");
  if (!Array.isArray(operands) || operands.length !== 2 || (op !== "==" && op !== "!=")) return null;
  const [selector, maskValue] = operands;
  const negate = op === "!=";
  const payload = field(selector, "payload");
  if (textField(payload, "protocol") === "tcp" && textField(payload, "field") === "flags") {
    const mask = tcpFlags(maskValue);
    const set = right === 0 ? [] : tcpFlags(right);
    if (mask === null || set === null) return null;
    return [[...tcp(), { match: "tcp-flags", mask, set, negate }]];
  }
  if (textField(payload, "protocol") === "ip" && textField(payload, "field") === "frag-off") {
    if (u32(maskValue) !== 0x1fff || right !== 0) return null;
    return [[...impliedFamily(4, context.family), { match: "fragment", text: "ip frag-off", negate: !negate }]];
  }
  const match = field(selector, "meta") !== undefined ? "mark" : "ct-mark";
  const key = textField(field(selector, match === "mark" ? "meta" : "ct"), "key");
  const mask = u32(maskValue);
  const value = u32(right);
  if (key !== "mark" || mask === null || value === null) return null;
  return [[{ match, value, mask, negate }]];
}

function readOrdered(left: Json, op: string, right: Json, context: TableContext): Ways | null {
  if (!/^[<>]=?$/.test(op)) return null;
  const value = u32(right);
  const component = readComponent(left, context.family);
  const sample = component?.equals(0);
  if (value === null || component === null || sample === null || sample === undefined) return null;
  const [low, high] =
    op === "<" ? [0, value - 1] : op === "<=" ? [0, value] : op === ">" ? [value + 1, 65535] : [value, 65535];
  if (sample.match === "ttl") {
    const match: Match = op.startsWith("<")
      ? { match: "ttl", op: "lt", ttl: high + 1, negate: false }
      : { match: "ttl", op: "gt", ttl: low - 1, negate: false };
    return [[...component.implies, match]];
  }
  if (sample.match !== "sport" && sample.match !== "dport") return null;
  if (low > high) return [];
  return [[...component.implies, { match: sample.match, ranges: [[low, high]], negate: false }]];
}

function readSpecial(left: Json, op: string, right: Json, context: TableContext): Ways | null {
  const payload = field(left, "payload");
  if (textField(payload, "protocol") === "tcp" && textField(payload, "field") === "flags") return readFlags(op, right);
  const socket = field(left, "socket");
  if (socket !== undefined && (op === "==" || op === "!=")) {
    const text = `socket ${String(textField(socket, "key"))} ${printNft(right)}`;
    return [[{ match: "socket", text, negate: op === "!=" }]];
  }
  const numgen = field(left, "numgen");
  const mod = u32(field(numgen, "mod"));
  if (numgen !== undefined && mod !== null && mod > 0 && /^(?:==|<)$/.test(op)) {
    const offset = u32(field(numgen, "offset")) ?? 0;
    const values = op === "==" ? valuesOf(right, context) : null;
    const limit = u32(right);
    const count =
      op === "<" && limit !== null ? limit - offset : (values?.reduce((n: number, v) => n + countOf(v), 0) ?? 0);
    if (!(count > 0) || count > mod) return null;
    const mode = textField(numgen, "mode") === "inc" ? "nth" : "random";
    return [[{ match: "statistic", mode, probability: count / mod, negate: false }]];
  }
  return null;
}

/** How many numbers a literal or range stands for. NaN when it is neither. */
export function countOf(value: Json): number {
  const range = field(value, "range");
  if (!Array.isArray(range)) return u32(value) === null ? Number.NaN : 1;
  const low = u32(range[0]);
  const high = u32(range[1]);
  return low === null || high === null || high < low ? Number.NaN : high - low + 1;
}

/** `tcp flags syn` asks for any of the flags; with == or != for exactly these and no other. */
function readFlags(op: string, right: Json): Ways | null {
  const set = tcpFlags(right);
  if (set === null) return null;
  if (op === "in")
    return set.map((flag) => [...tcp(), { match: "tcp-flags", mask: [flag], set: [flag], negate: false }]);
  if (op !== "==" && op !== "!=") return null;
  return [[...tcp(), { match: "tcp-flags", mask: TCP_FLAGS, set, negate: op === "!=" }]];
}

function tcp(): readonly Match[] {
  return [{ match: "protocol", protocols: [6], negate: false }];
}

function tcpFlags(value: Json): readonly string[] | null {
  const flags = flagList(value)?.map((flag) => flag.toUpperCase());
  return flags?.every((flag) => TCP_FLAGS.includes(flag)) ? flags : null;
}
