import type { Prefix } from "../../facts/ip.ts";
import { parseIp, parsePrefix, prefixOf } from "../../facts/ip.ts";
import type { Match, PortRange } from "../../facts/ruleset.ts";
import { protocolNumber } from "./ip-protocols.ts";
import { readTime } from "./iptables-time.ts";
import type { OptionGroup, RuleOption } from "./iptables-words.ts";
import { printOptions } from "./iptables-words.ts";
import { parsePortRange, parseU32 } from "./parsed.ts";

/** Reads one option of a match; null when it is not understood, an empty list when it asks nothing. */
type OptionReader = (option: RuleOption, family: 4 | 6) => readonly Match[] | null;

const SIX_FLAGS = ["FIN", "SYN", "RST", "PSH", "ACK", "URG"];

const own: Readonly<Record<string, OptionReader>> = {
  "-s": (o, family) => prefixMatch("source", o, family),
  "-d": (o, family) => prefixMatch("destination", o, family),
  "-i": (o) => named("in", o),
  "-o": (o) => named("out", o),
  "-p": (o) => {
    const name = o.values[0] ?? "";
    if (name === "all" || name === "0" || name === "ip") return o.negate ? null : [];
    const protocol = protocolNumber(name);
    return protocol === null ? null : [{ match: "protocol", protocols: [protocol], negate: o.negate }];
  },
  "-f": (o) => [{ match: "fragment", text: "-f", negate: o.negate }],
};

const ports: Readonly<Record<string, OptionReader>> = {
  "--sport": (o) => portMatch("sport", o),
  "--source-port": (o) => portMatch("sport", o),
  "--dport": (o) => portMatch("dport", o),
  "--destination-port": (o) => portMatch("dport", o),
  "--sports": (o) => portMatch("sport", o),
  "--source-ports": (o) => portMatch("sport", o),
  "--dports": (o) => portMatch("dport", o),
  "--destination-ports": (o) => portMatch("dport", o),
  "--ports": (o) => portMatch("port", o),
};

const tcp: Readonly<Record<string, OptionReader>> = {
  ...ports,
  "--syn": (o) => [{ match: "tcp-flags", mask: ["FIN", "SYN", "RST", "ACK"], set: ["SYN"], negate: o.negate }],
  "--tcp-flags": (o) => {
    const mask = tcpFlags(o.values[0]);
    const set = tcpFlags(o.values[1]);
    return mask === null || set === null ? null : [{ match: "tcp-flags", mask, set, negate: o.negate }];
  },
};

const icmp: OptionReader = (o) => {
  // Type 255 is iptables' own "any" (icmp_type_code_match).
  if (o.values[0] === "any" || o.values[0] === "255") return o.negate ? null : [];
  const [typeText, codeText] = (o.values[0] ?? "").split("/");
  const type = parseU32(typeText);
  const code = codeText === undefined ? null : parseU32(codeText);
  if (type === null || (codeText !== undefined && code === null)) return null;
  return [{ match: "icmp-type", type, code, negate: o.negate }];
};

const states: OptionReader = (o) => {
  const list = (o.values[0] ?? "").split(",");
  const known = list.every((state) => /^(?:NEW|ESTABLISHED|RELATED|INVALID|UNTRACKED|SNAT|DNAT)$/.test(state));
  return known ? [{ match: "ct-state", states: list, negate: o.negate }] : null;
};

const conntrack: Readonly<Record<string, OptionReader>> = {
  "--ctstate": states,
  "--ctdir": (o) => {
    const direction = o.values[0];
    if (direction !== "ORIGINAL" && direction !== "REPLY") return null;
    return [{ match: "ct-direction", direction, negate: o.negate }];
  },
  "--ctorigsrc": (o, family) => prefixMatch("ct-orig-src", o, family),
  "--ctorigdst": (o, family) => prefixMatch("ct-orig-dst", o, family),
  "--ctorigdstport": (o) => portMatch("ct-orig-dport", o),
};

const mark =
  (match: "mark" | "ct-mark"): OptionReader =>
  (o) => {
    const [valueText, maskText] = (o.values[0] ?? "").split("/");
    const value = parseU32(valueText);
    const mask = maskText === undefined ? 0xffffffff : parseU32(maskText);
    return value === null || mask === null ? null : [{ match, value, mask, negate: o.negate }];
  };

const ttl =
  (op: "eq" | "lt" | "gt"): OptionReader =>
  (o) => {
    const value = parseU32(o.values[0]);
    return value === null ? null : [{ match: "ttl", op, ttl: value, negate: o.negate }];
  };

const range =
  (side: "src" | "dst"): OptionReader =>
  (o, family) => {
    const [low = "", high = low] = (o.values[0] ?? "").split("-");
    const from = parseIp(low);
    const to = parseIp(high);
    if (from === null || to === null || from.family !== family || to.family !== family) return null;
    return [{ match: "iprange", side, low: from.value, high: to.value, negate: o.negate }];
  };

const verbatim =
  (match: "socket" | "owner"): OptionReader =>
  (o) => [{ match, text: [o.name, ...o.values].join(" "), negate: o.negate }];

const OWN_OPTIONS: Readonly<Record<string, OptionReader>> = { ...tcp, ...own };

/** Matches whose options each ask one thing of the packet, all of which must hold. */
const BY_OPTION: Readonly<Record<string, Readonly<Record<string, OptionReader>>>> = {
  tcp,
  udp: ports,
  udplite: ports,
  sctp: ports,
  dccp: ports,
  multiport: ports,
  icmp: { "--icmp-type": icmp },
  icmp6: { "--icmpv6-type": icmp },
  conntrack,
  state: { "--state": states },
  mark: { "--mark": mark("mark") },
  connmark: { "--mark": mark("ct-mark") },
  ttl: { "--ttl-eq": ttl("eq"), "--ttl": ttl("eq"), "--ttl-lt": ttl("lt"), "--ttl-gt": ttl("gt") },
  hl: { "--hl-eq": ttl("eq"), "--hl-lt": ttl("lt"), "--hl-gt": ttl("gt") },
  iprange: { "--src-range": range("src"), "--dst-range": range("dst") },
  physdev: {
    "--physdev-in": (o) => named("physdev-in", o),
    "--physdev-out": (o) => named("physdev-out", o),
    "--physdev-is-bridged": (o) => [{ match: "physdev-is-bridged", negate: o.negate }],
  },
  owner: {
    "--uid-owner": verbatim("owner"),
    "--gid-owner": verbatim("owner"),
    "--socket-exists": verbatim("owner"),
    "--suppl-groups": () => [],
  },
};

/** Matches whose options only make sense together. */
const BY_GROUP: Readonly<Record<string, (group: OptionGroup, readAt: string) => readonly Match[] | null>> = {
  addrtype: readAddrtype,
  set: readSet,
  rpfilter: (group) => {
    const known = ["--loose", "--validmark", "--accept-local", "--invert"];
    if (!group.options.every((o) => known.includes(o.name) && o.values.length === 0 && !o.negate)) return null;
    const has = (name: string): boolean => group.options.some((o) => o.name === name);
    return [
      {
        match: "rpfilter",
        loose: has("--loose"),
        validMark: has("--validmark"),
        acceptLocal: has("--accept-local"),
        negate: has("--invert"),
      },
    ];
  },
  statistic: readStatistic,
  limit: (group) => [{ match: "limit", text: printOptions(group), negate: false }],
  // Above a rate: a single packet is not.
  hashlimit: (group) => {
    const above = group.options.some((o) => o.name === "--hashlimit-above" || (o.name === "--hashlimit" && o.negate));
    return [{ match: "limit", text: printOptions(group), negate: above }];
  },
  socket: (group) => [{ match: "socket", text: printOptions(group), negate: group.options.some((o) => o.negate) }],
  time: readTime,
  comment: (group) => (group.options.every((o) => o.name === "--comment") ? [] : null),
};

/**
 * What one group of a rule's options asks of a packet. An option that is not understood becomes an `unknown` match
 * beside the others, never nothing.
 * @param readAt when the rule was read, RFC 3339
 */
export function readMatches(group: OptionGroup, family: 4 | 6, readAt: string): readonly Match[] {
  if (Object.hasOwn(BY_GROUP, group.name)) {
    const matches = BY_GROUP[group.name]?.(group, readAt) ?? null;
    return matches ?? [unknownMatch(group)];
  }
  const readers =
    group.kind === "own" ? OWN_OPTIONS : Object.hasOwn(BY_OPTION, group.name) ? BY_OPTION[group.name] : undefined;
  if (readers === undefined) return [unknownMatch(group)];
  return group.options.flatMap((option): readonly Match[] => {
    const reader = Object.hasOwn(readers, option.name) ? readers[option.name] : undefined;
    return reader?.(option, family) ?? [unknownMatch(group, [option])];
  });
}

function unknownMatch(group: OptionGroup, options: readonly RuleOption[] = group.options): Match {
  return { match: "unknown", module: group.name || "own", text: printOptions(group, options), negate: false };
}

function prefixMatch(
  match: "source" | "destination" | "ct-orig-src" | "ct-orig-dst",
  option: RuleOption,
  family: 4 | 6,
): readonly Match[] | null {
  const prefixes: Prefix[] = [];
  for (const text of (option.values[0] ?? "").split(",")) {
    const prefix = maskedPrefix(text, family);
    if (prefix === null) return null;
    prefixes.push(prefix);
  }
  return [{ match, prefixes, negate: option.negate }];
}

/** `10.0.0.0/8`, or with a mask spelt out, which iptables prints only where it is no prefix length. */
function maskedPrefix(text: string, family: 4 | 6): Prefix | null {
  const [address = "", mask = ""] = text.split("/");
  const bits = family === 4 ? 32 : 128;
  const dotted = mask.includes(".") || mask.includes(":") ? parseIp(mask) : null;
  if (dotted !== null) {
    const ip = parseIp(address);
    const zeros = (1n << BigInt(bits)) - 1n - dotted.value;
    // Contiguous when the zeros are all at the end: zeros + 1 is a power of two.
    if (ip === null || ip.family !== family || dotted.family !== family || (zeros & (zeros + 1n)) !== 0n) return null;
    return prefixOf(family, ip.value, bits - zeros.toString(2).replace(/^0$/, "").length);
  }
  const prefix = parsePrefix(text, family);
  return prefix?.family === family ? prefix : null;
}

function named(match: "in" | "out" | "physdev-in" | "physdev-out", option: RuleOption): readonly Match[] | null {
  const name = option.values[0];
  return name === undefined || name === "" ? null : [{ match, name, negate: option.negate }];
}

function portMatch(match: "sport" | "dport" | "port" | "ct-orig-dport", option: RuleOption): readonly Match[] | null {
  const ranges: PortRange[] = [];
  for (const text of (option.values[0] ?? "").split(",")) {
    const parsed = parsePortRange(text);
    if (parsed === null) return null;
    ranges.push(parsed);
  }
  return [{ match, ranges, negate: option.negate }];
}

function tcpFlags(text: string | undefined): readonly string[] | null {
  if (text === "NONE") return [];
  if (text === "ALL") return SIX_FLAGS;
  const flags = text?.split(",") ?? [];
  return flags.length > 0 && flags.every((flag) => SIX_FLAGS.includes(flag)) ? flags : null;
}

function readAddrtype(group: OptionGroup): readonly Match[] | null {
  let limitIface: "in" | "out" | null = null;
  const sides: { side: "src" | "dst"; types: readonly string[]; negate: boolean }[] = [];
  for (const { name, negate, values } of group.options) {
    if (name === "--limit-iface-in") limitIface = "in";
    else if (name === "--limit-iface-out") limitIface = "out";
    else if (name === "--src-type" || name === "--dst-type") {
      sides.push({ side: name === "--src-type" ? "src" : "dst", types: (values[0] ?? "").split(","), negate });
    } else return null;
  }
  return sides.length === 0 ? null : sides.map((side) => ({ match: "addrtype", ...side, limitIface }));
}

function readSet(group: OptionGroup): readonly Match[] | null {
  const [option, ...others] = group.options;
  const dimensions = (option?.values[1] ?? "").split(",");
  const isSide = (text: string): text is "src" | "dst" => text === "src" || text === "dst";
  if (option?.name !== "--match-set" || others.length > 0 || !dimensions.every(isSide)) return null;
  return [{ match: "set", set: option.values[0] ?? "", dimensions, negate: option.negate }];
}

function readStatistic(group: OptionGroup): readonly Match[] | null {
  const value = (name: string): string | undefined => group.options.find((o) => o.name === name)?.values[0];
  const mode = value("--mode");
  const negate = group.options.some((o) => o.negate);
  if (mode === "random") {
    const probability = Number(value("--probability") ?? "x");
    if (!(probability >= 0 && probability <= 1)) return null;
    return [{ match: "statistic", mode, probability, negate }];
  }
  const every = parseU32(value("--every"));
  if (mode !== "nth" || every === null || every === 0) return null;
  return [{ match: "statistic", mode, probability: 1 / every, negate }];
}
