import { parseIp, parsePrefix } from "../../../facts/ip.ts";
import type { IpSet } from "../../../facts/ruleset.ts";

export interface AddressPart {
  readonly kind: "addresses";
  readonly family: 4 | 6;
  readonly low: bigint;
  readonly high: bigint;
}

/** One dimension of an entry. */
export type SetPart =
  | AddressPart
  | {
      readonly kind: "ports";
      readonly protocol: number | null;
      readonly low: number;
      readonly high: number;
      /** Takes packets of a protocol without ports: `89:0`. */
      readonly portless: boolean;
    }
  | { readonly kind: "protocol"; readonly protocol: number }
  | { readonly kind: "interface"; readonly name: string; readonly wildcard: boolean; readonly physical: boolean }
  | { readonly kind: "opaque" };

export interface SetEntry {
  /** Verbatim, with its options. */
  readonly text: string;
  readonly parts: readonly SetPart[];
  readonly nomatch: boolean;
  /** Sum of the prefix lengths: of all entries that hold, the longest decides. */
  readonly specificity: number;
}

export interface CompiledSet {
  readonly name: string;
  readonly type: string;
  /** Null for a set without addresses (bitmap:port, inet_service). */
  readonly family: 4 | 6 | null;
  /** By the length of the first dimension's prefix, then by that prefix's bits. */
  readonly byLength: ReadonlyMap<number, ReadonlyMap<bigint, readonly SetEntry[]>>;
  /** Ranges, and entries whose first dimension is no address. */
  readonly others: readonly SetEntry[];
  /** A dimension of the type is not modelled. */
  readonly opaque: boolean;
}

type Dimension = "address" | "ports" | "protocol" | "interface";

/** Words of ipset(8) types, and of nft(8) types. */
const DIMENSIONS: Readonly<Record<string, Dimension>> = {
  ip: "address",
  net: "address",
  port: "ports",
  iface: "interface",
  ipv4_addr: "address",
  ipv6_addr: "address",
  inet_service: "ports",
  inet_proto: "protocol",
  ifname: "interface",
};

const PROTOCOLS: Readonly<Record<string, number>> = {
  icmp: 1,
  tcp: 6,
  udp: 17,
  icmpv6: 58,
  "ipv6-icmp": 58,
  sctp: 132,
  udplite: 136,
};

/** An entry without what a set counts and notes beside it: two nodes that hold the same differ in these. */
export function bareEntry(text: string): string {
  return text.replace(/ comment "(?:[^"\\]|\\.)*"/g, "").replace(/ (?:timeout|packets|bytes) \d+/g, "");
}

const compiled = new WeakMap<IpSet, CompiledSet>();

/** An IpSet made searchable; once for each set. */
export function compileSet(set: IpSet): CompiledSet {
  const known = compiled.get(set);
  if (known !== undefined) return known;
  const fresh = compile(set);
  compiled.set(set, fresh);
  return fresh;
}

function compile(set: IpSet): CompiledSet {
  const { dimensions, opaque, isNft } = shapeOf(set);
  const byLength = new Map<number, Map<bigint, SetEntry[]>>();
  const others: SetEntry[] = [];
  for (const text of opaque ? [] : set.entries) {
    const { entry, length } = parseEntry(text, dimensions, isNft);
    const first = entry.parts[0];
    if (first?.kind !== "addresses" || length === null) {
      others.push(entry);
      continue;
    }
    const base = first.low >> BigInt((first.family === 4 ? 32 : 128) - length);
    const byBase = byLength.get(length) ?? new Map<bigint, SetEntry[]>();
    byLength.set(length, byBase);
    const bucket = byBase.get(base);
    if (bucket === undefined) byBase.set(base, [entry]);
    else bucket.push(entry);
  }
  const family = dimensions.includes("address") ? set.family : null;
  return { name: set.name, type: set.type, family, byLength, others, opaque };
}

/** `dimensions` without those that are not modelled. */
function shapeOf({ type }: IpSet): {
  readonly dimensions: readonly Dimension[];
  readonly opaque: boolean;
  readonly isNft: boolean;
} {
  const isNft = !/^(?:hash|bitmap|list):/.test(type);
  const words = isNft ? type.split(" . ") : type.slice(type.indexOf(":") + 1).split(",");
  const dimensions = words.flatMap((word) => DIMENSIONS[word.trim()] ?? []);
  return { dimensions, opaque: dimensions.length < words.length, isNft };
}

/** What an entry of a set says of addresses. */
export function addressesOf(set: IpSet, text: string): readonly AddressPart[] {
  const { dimensions, opaque, isNft } = shapeOf(set);
  return opaque ? [] : parseEntry(text, dimensions, isNft).entry.parts.filter((part) => part.kind === "addresses");
}

/** `length`: the first dimension's prefix length, null when it is no prefix. */
function parseEntry(
  text: string,
  dimensions: readonly Dimension[],
  isNft: boolean,
): { readonly entry: SetEntry; readonly length: number | null } {
  const bare = text.replace(/"[^"]*"/g, "");
  const words = isNft
    ? (bare.split(/ (?:timeout|expires|comment|counter) /, 1)[0] ?? "").split(" . ")
    : (bare.split(" ", 1)[0] ?? "").split(",");
  let specificity = 0;
  let firstLength: number | null = null;
  const wildcard = / wildcard\b/.test(bare);
  const parts = dimensions.map((dimension, i): SetPart => {
    const word = (words[i] ?? "").trim();
    if (dimension === "ports") return parsePorts(word);
    if (dimension === "protocol") return parseProtocol(word);
    if (dimension === "interface") return parseInterface(word, wildcard);
    const { part, length } = parseAddresses(word);
    specificity += length ?? 0;
    if (i === 0) firstLength = length;
    return part;
  });
  return { entry: { text, parts, nomatch: / nomatch\b/.test(bare), specificity }, length: firstLength };
}

function parseAddresses(word: string): { readonly part: SetPart; readonly length: number | null } {
  const opaque = { part: { kind: "opaque" } as const, length: null };
  const dash = word.indexOf("-");
  if (dash > 0) {
    const low = parseIp(word.slice(0, dash));
    const high = parseIp(word.slice(dash + 1));
    if (low === null || high === null || low.family !== high.family) return opaque;
    return { part: { kind: "addresses", family: low.family, low: low.value, high: high.value }, length: null };
  }
  const prefix = parsePrefix(word);
  if (prefix === null) return opaque;
  const hostBits = BigInt((prefix.family === 4 ? 32 : 128) - prefix.length);
  const high = prefix.base + (1n << hostBits) - 1n;
  return { part: { kind: "addresses", family: prefix.family, low: prefix.base, high }, length: prefix.length };
}

/** `80`, `80-90`, `tcp:80`, `tcp:80-90`, `89:0`. Names of ICMP types are not understood. */
function parsePorts(word: string): SetPart {
  const parsed = /^(?:([a-z0-9-]+):)?(\d+)(?:-(\d+))?$/.exec(word);
  if (parsed === null) return { kind: "opaque" };
  const [, name, low = "", high = low] = parsed;
  const protocol = name === undefined ? null : (PROTOCOLS[name] ?? (/^\d+$/.test(name) ? Number(name) : undefined));
  if (protocol === undefined) return { kind: "opaque" };
  const portless = protocol !== null && low === "0" && ![6, 17, 132, 136].includes(protocol);
  return { kind: "ports", protocol, low: Number(low), high: Number(high), portless };
}

function parseProtocol(word: string): SetPart {
  const protocol = PROTOCOLS[word] ?? (/^\d+$/.test(word) ? Number(word) : undefined);
  return protocol === undefined ? { kind: "opaque" } : { kind: "protocol", protocol };
}

function parseInterface(word: string, wildcard: boolean): SetPart {
  const physical = word.startsWith("physdev:");
  const name = physical ? word.slice("physdev:".length) : word;
  return name.endsWith("*")
    ? { kind: "interface", name: name.slice(0, -1), wildcard: true, physical }
    : { kind: "interface", name, wildcard, physical };
}
