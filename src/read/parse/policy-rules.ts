import { parsePrefix } from "../../facts/ip.ts";
import type { PolicyRule } from "../../facts/netns.ts";
import { type CodedPhrase, phrase } from "../../facts/phrase.ts";
import type { Source } from "../../facts/provenance.ts";
import { protocolNumber } from "./ip-protocols.ts";
import type { Line, Parsed } from "./parsed.ts";
import { because, linesOf, Problems, parsePortRange, parseU32, wordsOf } from "./parsed.ts";
import { tableNumber, tosByte } from "./routing-names.ts";

type Draft = { -readonly [K in keyof PolicyRule]: PolicyRule[K] } & { acted: boolean; broken: CodedPhrase | null };

/** `ip -4 rule show` or `ip -6 rule show`: the text does not tell the family, so it is given. */
export function parsePolicyRules(text: string, source: Source, family: 4 | 6): Parsed<readonly PolicyRule[]> {
  const problems = new Problems();
  const rules: PolicyRule[] = [];
  for (const line of linesOf(text)) {
    const head = /^\s*(\d{1,10}):\s/.exec(line.text);
    const priority = parseU32(head?.[1]);
    if (head === null || priority === null) {
      problems.add(line, phrase("no-priority"));
      continue;
    }
    const rule = read(wordsOf(line.text.slice(head[0].length)), priority, family, source, line);
    if ("code" in rule) problems.add(line, rule);
    else rules.push(rule);
  }
  return { value: rules, problems: problems.list() };
}

function read(
  words: readonly string[],
  priority: number,
  family: 4 | 6,
  source: Source,
  line: Line,
): PolicyRule | CodedPhrase {
  const unknown: string[] = [];
  const rule: Draft = {
    family,
    priority,
    invert: false,
    from: null,
    to: null,
    iif: null,
    oif: null,
    fwmark: null,
    ipProtocol: null,
    sport: null,
    dport: null,
    tos: null,
    action: { do: "nop" },
    suppressPrefixLength: null,
    unknown,
    because: because(source, line),
    acted: false,
    broken: null,
  };
  for (let i = 0; i < words.length; i += 1) i += readPair(rule, words[i] ?? "", words[i + 1], family, unknown);
  if (rule.broken !== null) return rule.broken;
  const { acted, broken, ...facts } = rule;
  if (!acted) {
    // A rule whose action was cut off or is of a kind we do not know may still decide: nothing follows from "nop".
    if (unknown.length === 0) return phrase("no-action");
  }
  return facts;
}

/** Reads one keyword; returns how many words beyond it were used. */
function readPair(rule: Draft, word: string, value: string | undefined, family: 4 | 6, unknown: string[]): number {
  switch (word) {
    case "not":
      rule.invert = true;
      return 0;
    case "from":
    case "to": {
      if (value === "all") return 1;
      const prefix = parsePrefix(value ?? "", family);
      if (prefix === null) rule.broken = phrase("no-prefix", { word, text: (value ?? "").slice(0, 50) });
      else if (word === "from") rule.from = prefix;
      else rule.to = prefix;
      return 1;
    }
    case "iif":
    case "dev":
      rule.iif = value ?? null;
      return 1;
    case "oif":
      rule.oif = value ?? null;
      return 1;
    case "[detached]":
    case "[unresolved]":
      return 0;
    case "fwmark": {
      const [mark, mask] = (value ?? "").split("/");
      const parsed = parseU32(mark);
      const parsedMask = mask === undefined ? 0xffffffff : parseU32(mask);
      if (parsed === null || parsedMask === null) rule.broken = phrase("mark-no-number");
      else rule.fwmark = { value: parsed, mask: parsedMask };
      return 1;
    }
    case "ipproto":
      rule.ipProtocol = protocolNumber(value ?? "");
      if (rule.ipProtocol === null) unknown.push(`ipproto ${value ?? ""}`);
      return 1;
    case "sport":
    case "dport": {
      const range = parsePortRange(value ?? "");
      if (range === null) unknown.push(`${word} ${value ?? ""}`);
      else rule[word] = range;
      return 1;
    }
    case "tos":
    case "dsfield":
      rule.tos = tosByte(value);
      if (rule.tos === null) unknown.push(`tos ${value ?? ""}`);
      return 1;
    case "lookup":
    case "table": {
      rule.acted = true;
      const table = tableNumber(value);
      if (value === "[l3mdev-table]") unknown.push("l3mdev");
      else if (table === null) unknown.push(`lookup ${value ?? ""}`);
      else rule.action = { do: "lookup", table };
      return 1;
    }
    case "goto": {
      const priority = parseU32(value);
      rule.acted = true;
      if (priority === null) unknown.push(`goto ${value ?? ""}`);
      else rule.action = { do: "goto", priority };
      return 1;
    }
    case "blackhole":
    case "unreachable":
    case "prohibit":
    case "nop":
      rule.acted = true;
      rule.action = { do: word };
      return 0;
    case "suppress_prefixlength":
      rule.suppressPrefixLength = parseU32(value);
      return 1;
    // Accounting and who made the rule: decide nothing.
    case "realms":
    case "proto":
    case "protocol":
      return 1;
    case "uidrange":
    case "suppress_ifgroup":
    case "tun_id":
    case "map-to":
    case "flowlabel":
    case "dscp":
      unknown.push(`${word} ${value ?? ""}`);
      if (word === "map-to") rule.acted = true;
      return 1;
    default:
      unknown.push(word);
      return 0;
  }
}
