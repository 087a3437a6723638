import { parseIp } from "../../facts/ip.ts";
import type { Match, NatRange, PortRange, Target } from "../../facts/ruleset.ts";
import { impliedFamily } from "./nft-components.ts";
import type { Json } from "./nft-json.ts";
import { field, onlyEntry, textField, u32 } from "./nft-json.ts";
import { readMarkChange } from "./nft-marks.ts";
import { printNft } from "./nft-text.ts";

/** Statements that neither ask anything of a packet nor alter what routing, NAT and filtering look at. */
const IDLE = new Set([
  "counter",
  "last",
  "comment",
  "ct helper",
  "ct timeout",
  "ct expectation",
  "secmark",
  "dup",
  "flow",
]);

export function unknownTarget(statement: Json): Target {
  const name = onlyEntry(statement)?.[0] ?? "statement";
  return { do: "unknown", name, text: printNft(statement) };
}

/** What a statement does; an empty list for one that does nothing. Never null: what is not modelled is `unknown`. */
export function readStatement(statement: Json): readonly Target[] {
  const entry = onlyEntry(statement);
  if (entry === null) return [unknownTarget(statement)];
  const [name, body] = entry;
  if (IDLE.has(name)) return name === "flow" || name === "dup" ? [{ do: "harmless", name }] : [];
  return [readVerdict(name, body) ?? readAction(name, body) ?? unknownTarget(statement)];
}

/** accept, drop, jump …: also the values of a verdict map. */
export function readVerdict(name: string, body: Json): Target | null {
  switch (name) {
    case "accept":
      return { do: "ACCEPT" };
    case "drop":
      return { do: "DROP" };
    case "return":
      return { do: "RETURN" };
    case "jump":
    case "goto": {
      const chain = textField(body, "target");
      return chain === null ? null : { do: name, chain };
    }
    default:
      return null;
  }
}

function readAction(name: string, body: Json): Target | null {
  switch (name) {
    case "reject":
      return { do: "REJECT", with: rejectWith(body) };
    case "log":
      return { do: "LOG" };
    case "notrack":
      return { do: "NOTRACK" };
    case "masquerade":
      return { do: "MASQUERADE" };
    case "redirect": {
      const port = field(body, "port");
      const ports = port === undefined ? null : portsOf(port);
      return port !== undefined && ports === null ? null : { do: "REDIRECT", ports };
    }
    case "dnat":
    case "snat": {
      const range = natRange(field(body, "addr"), field(body, "port"), body);
      return range === null ? null : { do: name === "dnat" ? "DNAT" : "SNAT", range };
    }
    case "set":
      return { do: "harmless", name: "set" };
    case "mangle":
      return readMangle(body);
    default:
      return null;
  }
}

/** NAT to an address whose family the rule names: only packets of that family come to it. */
export function natImplies(statement: Json, family: string): readonly Match[] {
  const version = textField(onlyEntry(statement)?.[1], "family");
  if (version !== "ip" && version !== "ip6") return [];
  return impliedFamily(version === "ip" ? 4 : 6, family);
}

/** `{addr, port}` of a NAT statement; `addr` may be an element of a map, address and port joined. */
export function natRange(addr: Json, port: Json, body: Json): NatRange | null {
  const concat = field(addr, "concat");
  if (Array.isArray(concat) && port === undefined) return natRange(concat[0], concat[1], body);
  const flagsField = field(body, "flags");
  const flags = Array.isArray(flagsField) ? flagsField : [flagsField];
  if (flags.includes("netmap")) return null;
  const random = flags.includes("random") || flags.includes("fully-random");
  const ports = port === undefined ? null : portsOf(port);
  if (port !== undefined && ports === null) return null;
  if (addr === undefined) return ports === null ? null : { low: null, high: null, ports, random };
  const range = field(addr, "range");
  const [lowText, highText] = Array.isArray(range) ? range : [addr, addr];
  const low = typeof lowText === "string" ? parseIp(lowText) : null;
  const high = typeof highText === "string" ? parseIp(highText) : null;
  if (low === null || high === null || low.family !== high.family) return null;
  return { low: low.value, high: high.value, ports, random };
}

function portsOf(port: Json): PortRange | null {
  const range = field(port, "range");
  const [low, high] = Array.isArray(range) ? [u32(range[0]), u32(range[1])] : [u32(port), u32(port)];
  return low === null || high === null || low > high || high > 65535 ? null : [low, high];
}

/** By iptables' names: `icmp-host-prohibited`, `icmp6-no-route`, `tcp-reset`; icmpx is the ICMP of either family. */
function rejectWith(body: Json): string {
  const type = textField(body, "type");
  if (type === "tcp reset") return "tcp-reset";
  const code = textField(body, "expr") ?? "port-unreachable";
  return `${type === "icmpv6" ? "icmp6" : "icmp"}-${code}`;
}

function readMangle(body: Json): Target | null {
  const mark = readMarkChange(body);
  if (mark !== null) return mark;
  const key = field(body, "key");
  const payload = field(key, "payload");
  const name = textField(payload, "field");
  if (name === "ttl" || name === "hoplimit") {
    // A hop count this high outlives any path inside a cluster.
    return (u32(field(body, "value")) ?? 0) >= 32 ? { do: "harmless", name } : null;
  }
  if (name === "dscp" || name === "ecn") return { do: "harmless", name };
  if (field(key, "tcp option") !== undefined) return { do: "harmless", name: "tcp option" };
  const meta = textField(field(key, "meta"), "key");
  if (meta === "nftrace") return { do: "TRACE" };
  if (meta === "priority") return { do: "harmless", name: "meta priority" };
  const ct = textField(field(key, "ct"), "key");
  return ct === "event" || ct === "label" || ct === "helper" ? { do: "harmless", name: `ct ${ct}` } : null;
}
