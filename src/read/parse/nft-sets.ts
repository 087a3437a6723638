import { ipFromValue, prefixOf } from "../../facts/ip.ts";
import type { Provenance } from "../../facts/provenance.ts";
import type { IpSet } from "../../facts/ruleset.ts";
import { addressBounds, type Bounds } from "./nft-components.ts";
import type { Json } from "./nft-json.ts";
import { field, textField } from "./nft-json.ts";

/** A named set or map of a table, by `FAMILY TABLE NAME`. */
export interface NamedSet {
  readonly key: string;
  readonly name: string;
  readonly type: readonly string[];
  /** Of a set: its elements. Of a map: pairs of key and value. */
  readonly elements: readonly Json[];
}

export function setKey(family: string, table: string, name: string): string {
  return `${family} ${table} ${name}`;
}

export function readNamedSet(body: Json): NamedSet | null {
  const family = textField(body, "family");
  const table = textField(body, "table");
  const name = textField(body, "name");
  if (family === null || table === null || name === null) return null;
  const type = field(body, "type");
  const elements = field(body, "elem");
  return {
    key: setKey(family, table, name),
    name,
    type: (Array.isArray(type) ? type : [type]).filter((part): part is string => typeof part === "string"),
    elements: Array.isArray(elements) ? elements : [],
  };
}

/** An element without its timeout, counter and comment. */
export function bareElement(element: Json): Json {
  const wrapped = field(element, "elem");
  return wrapped === undefined ? element : field(wrapped, "val");
}

/** A set of addresses as `ipset` would hold it (hash:net); null for other types, or when an element was not read. */
export function asIpSet(set: NamedSet, because: Provenance): IpSet | null {
  const version = addressVersion(set);
  if (version === null) return null;
  const entries: string[] = [];
  for (const element of set.elements) {
    const bounds = addressBounds(version, bareElement(element));
    if (bounds === null) return null;
    entries.push(...prefixesOf(version, bounds));
  }
  return { name: set.key, type: "hash:net", family: version, entries, because };
}

export function addressVersion(set: NamedSet): 4 | 6 | null {
  if (set.type.length !== 1) return null;
  return set.type[0] === "ipv4_addr" ? 4 : set.type[0] === "ipv6_addr" ? 6 : null;
}

/** The fewest prefixes that cover a range: at most two for each bit of an address. */
function prefixesOf(version: 4 | 6, { low, high }: Bounds): readonly string[] {
  const bits = version === 4 ? 32 : 128;
  const texts: string[] = [];
  let at = low;
  while (at <= high) {
    let hostBits = 0;
    while (hostBits < bits) {
      const size = 1n << BigInt(hostBits + 1);
      if (at % size !== 0n || at + size - 1n > high) break;
      hostBits += 1;
    }
    texts.push(hostBits === 0 ? ipFromValue(version, at).text : prefixOf(version, at, bits - hostBits).text);
    at += 1n << BigInt(hostBits);
  }
  return texts;
}
