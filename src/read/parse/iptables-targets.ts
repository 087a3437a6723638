import { parseIp } from "../../facts/ip.ts";
import type { NatRange, PortRange, Target } from "../../facts/ruleset.ts";
import type { OptionGroup } from "./iptables-words.ts";
import { printOptions } from "./iptables-words.ts";
import { parsePortRange, parseU32 } from "./parsed.ts";

const ALL = 0xffffffff;

/** Targets after which a packet goes on as before, unaltered in what routing, NAT and filtering look at. */
const HARMLESS = new Set([
  "NFLOG",
  "ULOG",
  "AUDIT",
  "TCPMSS",
  "CHECKSUM",
  "TEE",
  "IDLETIMER",
  "LED",
  "RATEEST",
  "CLASSIFY",
  "DSCP",
  "TOS",
  "ECN",
  "TCPOPTSTRIP",
  "SECMARK",
  "CONNSECMARK",
  "NFACCT",
  "XLOG",
]);

/** What `-j NAME` or `-g NAME` does; with an option that it is never printed with, nobody knows. @param chains the table's own chains: only these can be jumped to. */
export function readTarget(group: OptionGroup, chains: ReadonlySet<string>, family: 4 | 6): Target {
  if (chains.has(group.name) && group.options.length === 0)
    return { do: group.kind === "goto" ? "goto" : "jump", chain: group.name };
  return (group.kind === "jump" ? readExtension(group, family) : null) ?? unknownTarget(group);
}

function unknownTarget(group: OptionGroup): Target {
  return { do: "unknown", name: group.name, text: printOptions(group) };
}

function readExtension(group: OptionGroup, family: 4 | 6): Target | null {
  const value = (name: string): string | undefined => group.options.find((o) => o.name === name)?.values[0];
  const has = (name: string): boolean => group.options.some((o) => o.name === name);
  const hasOnly = (known: RegExp): boolean => group.options.every((o) => known.test(o.name));
  switch (group.name) {
    case "ACCEPT":
    case "DROP":
    case "RETURN":
    case "NOTRACK":
    case "TRACE":
      return group.options.length === 0 ? { do: group.name } : null;
    case "LOG":
      return hasOnly(/^--log-/) ? { do: "LOG" } : null;
    case "MASQUERADE":
      return hasOnly(/^--(?:to-ports|random|random-fully)$/) ? { do: "MASQUERADE" } : null;
    case "REJECT":
      if (!hasOnly(/^--reject-with$/)) return null;
      return {
        do: "REJECT",
        with: value("--reject-with") ?? (family === 4 ? "icmp-port-unreachable" : "icmp6-port-unreachable"),
      };
    case "MARK":
      return readMark(group);
    case "CONNMARK":
      return readConnmark(group);
    case "DNAT":
    case "SNAT":
      return readNat(group, group.name);
    case "REDIRECT": {
      const text = value("--to-ports");
      const ports = text === undefined ? null : parsePortRange(text);
      return text !== undefined && ports === null ? null : { do: "REDIRECT", ports };
    }
    case "CT":
      if (has("--notrack")) return { do: "NOTRACK" };
      // A zone would part the packet from the connections that we know.
      return hasOnly(/^--(?:helper|timeout|ctevents|expevents)$/) ? { do: "harmless", name: "CT" } : null;
    case "TTL":
    case "HL":
      return readHops(group);
    case "SET":
      // --map-set writes the mark.
      return has("--map-set") ? null : { do: "harmless", name: "SET" };
    default:
      return HARMLESS.has(group.name) ? { do: "harmless", name: group.name } : null;
  }
}

/** A hop count set this high outlives any path inside a cluster; a lower one, or a decrement, may end the packet. */
function readHops(group: OptionGroup): Target | null {
  const option = group.options[0];
  const isSafe =
    /-inc$/.test(option?.name ?? "") || (/-set$/.test(option?.name ?? "") && Number(option?.values[0]) >= 32);
  return isSafe ? { do: "harmless", name: group.name } : null;
}

function readPair(text: string | undefined): readonly [number, number] | null {
  const [valueText, maskText] = (text ?? "").split("/");
  const value = parseU32(valueText);
  const mask = maskText === undefined ? ALL : parseU32(maskText);
  return value === null || mask === null ? null : [value, mask];
}

/** Every spelling comes down to mark = (mark & ~mask) ^ value (xt_mark_tg). */
function readMark(group: OptionGroup): Target | null {
  const [option, ...others] = group.options;
  const pair = readPair(option?.values[0]);
  if (option === undefined || pair === null || others.length > 0) return null;
  const [value, mask] = pair;
  switch (option.name) {
    case "--set-xmark":
      return { do: "MARK", value, mask };
    case "--set-mark":
      return { do: "MARK", value, mask: (mask | value) >>> 0 };
    case "--or-mark":
      return { do: "MARK", value, mask: value };
    case "--and-mark":
      return { do: "MARK", value: 0, mask: ~value >>> 0 };
    case "--xor-mark":
      return { do: "MARK", value, mask: 0 };
    default:
      return null;
  }
}

/** `value` of save and restore is the mask of the source: see `Target`. */
function readConnmark(group: OptionGroup): Target | null {
  const value = (name: string): number | null | undefined => {
    const option = group.options.find((o) => o.name === name);
    return option === undefined ? undefined : parseU32(option.values[0]);
  };
  const names = new Set(group.options.map((o) => o.name));
  const masks = [value("--nfmask") ?? value("--mask") ?? ALL, value("--ctmask") ?? value("--mask") ?? ALL] as const;
  const known = [...names].every((name) => /^--(?:(?:save|restore)-mark|nfmask|ctmask|mask)$/.test(name));
  if (known && names.has("--save-mark")) return { do: "CONNMARK", op: "save", value: masks[0], mask: masks[1] };
  if (known && names.has("--restore-mark")) return { do: "CONNMARK", op: "restore", value: masks[1], mask: masks[0] };
  const mark = readMark(group);
  return mark?.do === "MARK" ? { do: "CONNMARK", op: "set", value: mark.value, mask: mark.mask } : null;
}

function readNat(group: OptionGroup, name: "DNAT" | "SNAT"): Target | null {
  const to = group.options.filter((o) => o.name === (name === "DNAT" ? "--to-destination" : "--to-source"));
  const others = group.options.filter(
    (o) => !/^--(?:to-destination|to-source|random|random-fully|persistent)$/.test(o.name),
  );
  const random = group.options.some((o) => o.name === "--random" || o.name === "--random-fully");
  const range = to.length === 1 && others.length === 0 ? parseNatRange(to[0]?.values[0] ?? "", random) : null;
  return range === null ? null : { do: name, range };
}

/** `A`, `A-B`, `A:80`, `A-B:80-90`, `:80`, `[2001:db8::1]:80`, `[2001:db8::1]-[2001:db8::9]:80`. */
function parseNatRange(text: string, random: boolean): NatRange | null {
  let addresses = text;
  let portText: string | null = null;
  if (text.startsWith("[")) {
    const close = text.lastIndexOf("]");
    if (close < 0) return null;
    addresses = text.slice(0, close + 1).replaceAll(/[[\]]/g, "");
    portText = text.length > close + 1 ? text.slice(close + 2) : null;
    if (portText !== null && text[close + 1] !== ":") return null;
  } else if (text.split(":").length === 2) {
    [addresses = "", portText = null] = text.split(":");
  }
  // A `/85` behind the ports shifts them (NF_NAT_RANGE_PROTO_OFFSET): not held by the fact.
  const ports: PortRange | null = portText === null ? null : parsePortRange(portText);
  if (portText !== null && ports === null) return null;
  if (addresses === "") return ports === null ? null : { low: null, high: null, ports, random };
  const [lowText = "", highText = lowText] = addresses.split("-");
  const low = parseIp(lowText);
  const high = parseIp(highText);
  if (low === null || high === null || low.family !== high.family) return null;
  return { low: low.value, high: high.value, ports, random };
}
