import { contains, ipFromValue, parseIp, prefixOf } from "../../facts/ip.ts";
import type { Match, PortRange } from "../../facts/ruleset.ts";
import { protocolNumber } from "./ip-protocols.ts";
import { ICMP_TYPES, ICMPV6_TYPES } from "./nft-icmp-types.ts";
import type { Json } from "./nft-json.ts";
import { field, flagList, textField, u32 } from "./nft-json.ts";
import { printNft } from "./nft-text.ts";

/** A selector of nft: what it needs of a packet before it can look, and the match for one value of it. */
export interface Component {
  /** nft leaves these out of its listing where the selector implies them (`tcp dport` implies TCP). */
  readonly implies: readonly Match[];
  /** The match for a literal, a prefix or a range; null when the value is not understood. */
  readonly equals: (value: Json) => Match | null;
  /** src or dst, where a named set of addresses can be asked by name. */
  readonly side: "src" | "dst" | null;
}

/** Family of the table: where it is not `ip` or `ip6` itself, a selector of one of them implies that. */
export type TableFamily = string;

const PORT_PROTOCOLS = new Set(["tcp", "udp", "udplite", "sctp", "dccp", "th"]);

/** Null for a selector that is not modelled. */
export function readComponent(left: Json, family: TableFamily): Component | null {
  const payload = field(left, "payload");
  if (payload !== undefined)
    return payloadComponent(textField(payload, "protocol"), textField(payload, "field"), family);
  const meta = textField(field(left, "meta"), "key");
  if (meta !== null) return metaComponent(meta);
  const ct = field(left, "ct");
  if (ct !== undefined) return ctComponent(textField(ct, "key"), textField(ct, "dir"), family);
  const fib = field(left, "fib");
  if (fib !== undefined) return fibComponent(fib);
  return null;
}

/** `meta nfproto`, said as a match that only packets of that family meet. */
export function familyMatch(version: 4 | 6): Match {
  return { match: "source", prefixes: [prefixOf(version, 0n, 0)], negate: false };
}

export function impliedFamily(version: 4 | 6, family: TableFamily): readonly Match[] {
  return family === "ip" || family === "ip6" ? [] : [familyMatch(version)];
}

function simple(equals: (value: Json) => Match | null, implies: readonly Match[] = []): Component {
  return { implies, equals, side: null };
}

function payloadComponent(protocol: string | null, name: string | null, family: TableFamily): Component | null {
  if (protocol === null || name === null) return null;
  if (protocol === "ip" || protocol === "ip6") {
    const version = protocol === "ip" ? 4 : 6;
    const implies = impliedFamily(version, family);
    if (name === "saddr" || name === "daddr") {
      const side = name === "saddr" ? "src" : "dst";
      return { implies, side, equals: (value) => addressMatch(side, version, value) };
    }
    if (name === "protocol" || name === "nexthdr") return simple(protocolMatch, implies);
    if (name === "ttl" || name === "hoplimit") {
      const equals = (value: Json): Match | null => {
        const ttl = u32(value);
        return ttl === null ? null : { match: "ttl", op: "eq", ttl, negate: false };
      };
      return simple(equals, implies);
    }
    return null;
  }
  if (PORT_PROTOCOLS.has(protocol) && (name === "sport" || name === "dport")) {
    const equals = (value: Json): Match | null => {
      const range = portRange(value);
      return range === null ? null : { match: name, ranges: [range], negate: false };
    };
    return simple(equals, protocol === "th" ? [] : needs(protocol));
  }
  if ((protocol === "icmp" || protocol === "icmpv6") && name === "type") {
    const names = protocol === "icmp" ? ICMP_TYPES : ICMPV6_TYPES;
    const equals = (value: Json): Match | null => {
      const type = typeof value === "string" && Object.hasOwn(names, value) ? (names[value] ?? null) : u32(value);
      return type === null ? null : { match: "icmp-type", type, code: null, negate: false };
    };
    return simple(equals, [...impliedFamily(protocol === "icmp" ? 4 : 6, family), ...needs(protocol)]);
  }
  return null;
}

function needs(protocol: string): readonly Match[] {
  const number = protocolNumber(protocol);
  return number === null ? [] : [{ match: "protocol", protocols: [number], negate: false }];
}

function metaComponent(key: string): Component | null {
  switch (key) {
    case "iif":
    case "iifname":
      return simple((value) => deviceMatch("in", value));
    case "oif":
    case "oifname":
      return simple((value) => deviceMatch("out", value));
    case "l4proto":
      return simple(protocolMatch);
    case "nfproto":
    case "protocol":
      return simple((value) => {
        if (value === "ipv4" || value === "ip") return familyMatch(4);
        return value === "ipv6" || value === "ip6" ? familyMatch(6) : null;
      });
    case "mark":
      return simple((value) => markMatch("mark", value));
    case "skuid":
    case "skgid":
      return simple((value) => ({ match: "owner", text: `meta ${key} ${printNft(value)}`, negate: false }));
    default:
      return null;
  }
}

function ctComponent(key: string | null, dir: string | null, family: TableFamily): Component | null {
  switch (key) {
    case "state":
      return simple((value) => stateMatch(value, /^(?:new|established|related|invalid|untracked)$/));
    case "status":
      // IPS_SRC_NAT and IPS_DST_NAT are what xt_conntrack calls the states SNAT and DNAT.
      return simple((value) => stateMatch(value, /^(?:snat|dnat)$/));
    case "mark":
      return simple((value) => markMatch("ct-mark", value));
    case "direction":
      return simple((value) => {
        const direction =
          value === "original" || value === 0 ? "ORIGINAL" : value === "reply" || value === 1 ? "REPLY" : null;
        return direction === null ? null : { match: "ct-direction", direction, negate: false };
      });
    case "ip saddr":
    case "ip daddr":
    case "ip6 saddr":
    case "ip6 daddr": {
      if (dir !== "original") return null;
      const version = key.startsWith("ip6") ? 6 : 4;
      const match = key.endsWith("saddr") ? "ct-orig-src" : "ct-orig-dst";
      const equals = (value: Json): Match | null => {
        const bounds = addressBounds(version, value);
        const prefix = bounds === null ? null : prefixOfBounds(version, bounds);
        return prefix === null ? null : { match, prefixes: [prefix], negate: false };
      };
      return simple(equals, impliedFamily(version, family));
    }
    case "proto-dst":
      return dir !== "original"
        ? null
        : simple((value) => {
            const range = portRange(value);
            return range === null ? null : { match: "ct-orig-dport", ranges: [range], negate: false };
          });
    default:
      return null;
  }
}

function fibComponent(fib: Json): Component | null {
  const flags = field(fib, "flags");
  const asked = new Set(Array.isArray(flags) ? flags : [flags]);
  const result = textField(fib, "result");
  const side = asked.has("saddr") ? "src" : "dst";
  if (result === "type" && !asked.has("mark")) {
    const limitIface = asked.has("iif") ? "in" : asked.has("oif") ? "out" : null;
    return simple((value) =>
      typeof value === "string"
        ? { match: "addrtype", side, types: [value.toUpperCase()], limitIface, negate: false }
        : null,
    );
  }
  if ((result === "oif" || result === "oifname") && side === "src" && !asked.has("oif")) {
    // `missing` prints as false, 0 or "0"; a local source has no such route either (nft_fib4_eval, RTN_LOCAL).
    return simple((value) => {
      const missing = value === false || value === 0 || value === "0" || value === "";
      if (!missing && value !== true) return null;
      const options = { loose: !asked.has("iif"), validMark: asked.has("mark"), acceptLocal: false };
      return { match: "rpfilter", ...options, negate: missing };
    });
  }
  return null;
}

function stateMatch(value: Json, known: RegExp): Match | null {
  const states = flagList(value) ?? [];
  if (states.length === 0 || !states.every((state) => known.test(state))) return null;
  return { match: "ct-state", states: states.map((state) => state.toUpperCase()), negate: false };
}

function markMatch(match: "mark" | "ct-mark", value: Json): Match | null {
  const mark = u32(value);
  return mark === null ? null : { match, value: mark, mask: 0xffffffff, negate: false };
}

/** A trailing `*` is nft's wildcard, `+` is that of iptables and of the facts. */
function deviceMatch(match: "in" | "out", value: Json): Match | null {
  if (typeof value !== "string" || value === "") return null;
  const wild = value.endsWith("*") && !value.endsWith("\\*");
  return { match, name: wild ? `${value.slice(0, -1)}+` : value.replace("\\*", "*"), negate: false };
}

function protocolMatch(value: Json): Match | null {
  const number = typeof value === "string" ? protocolNumber(value) : u32(value);
  return number === null || number > 255 ? null : { match: "protocol", protocols: [number], negate: false };
}

function portRange(value: Json): PortRange | null {
  const range = field(value, "range");
  const [low, high] = Array.isArray(range) ? [u32(range[0]), u32(range[1])] : [u32(value), u32(value)];
  return low === null || high === null || low > high || high > 65535 ? null : [low, high];
}

export interface Bounds {
  readonly low: bigint;
  readonly high: bigint;
}

/** The first and last address of a literal, prefix or range. */
export function addressBounds(version: 4 | 6, value: Json): Bounds | null {
  const prefix = field(value, "prefix");
  if (prefix !== undefined) {
    const base = parseIp(textField(prefix, "addr") ?? "");
    const length = u32(field(prefix, "len"));
    const bits = version === 4 ? 32 : 128;
    if (base?.family !== version || length === null || length > bits) return null;
    const { base: low } = prefixOf(version, base.value, length);
    return { low, high: low + (1n << BigInt(bits - length)) - 1n };
  }
  const range = field(value, "range");
  const [lowText, highText] = Array.isArray(range) ? range : [value, value];
  const low = typeof lowText === "string" ? parseIp(lowText) : null;
  const high = typeof highText === "string" ? parseIp(highText) : null;
  if (low?.family !== version || high?.family !== version || low.value > high.value) return null;
  return { low: low.value, high: high.value };
}

/** The prefix that is exactly this range, if there is one. */
export function prefixOfBounds(version: 4 | 6, { low, high }: Bounds): ReturnType<typeof prefixOf> | null {
  const size = high - low + 1n;
  const hostBits = size.toString(2).length - 1;
  if (size !== 1n << BigInt(hostBits)) return null;
  const prefix = prefixOf(version, low, (version === 4 ? 32 : 128) - hostBits);
  return prefix.base === low && contains(prefix, ipFromValue(version, high)) ? prefix : null;
}

function addressMatch(side: "src" | "dst", version: 4 | 6, value: Json): Match | null {
  const bounds = addressBounds(version, value);
  if (bounds === null) return null;
  const prefix = prefixOfBounds(version, bounds);
  if (prefix === null) return { match: "iprange", side, ...bounds, negate: false };
  return { match: side === "src" ? "source" : "destination", prefixes: [prefix], negate: false };
}
