import { contains } from "../../../facts/ip.ts";
import type { Netns, PolicyRule } from "../../../facts/netns.ts";
import type { RouteKey } from "./decision.ts";

/** fib_rule_match: yes, no, or null where words that are not modelled decide. */
export function ruleMatches(rule: PolicyRule, key: RouteKey, netns: Netns): boolean | null {
  if (rule.family !== key.dst.family) return false;
  const plain = plainWordsMatch(rule, key);
  const strange = rule.unknown.filter((word) => !isIdleVrfWord(word, netns));
  if (rule.unknown.some((word) => isIdleVrfWord(word, netns))) return rule.invert;
  if (plain && strange.length > 0) return null;
  return plain !== rule.invert;
}

function plainWordsMatch(rule: PolicyRule, key: RouteKey): boolean {
  if (rule.iif !== null && rule.iif !== key.iif) return false;
  if (rule.oif !== null && rule.oif !== key.oif) return false;
  // A source that is not chosen yet is 0.0.0.0 (fib4_rule_match).
  if (rule.from !== null && rule.from.length > 0 && (key.src === null || !contains(rule.from, key.src))) return false;
  if (rule.to !== null && !contains(rule.to, key.dst)) return false;
  if (rule.fwmark !== null && ((rule.fwmark.value ^ key.mark) & rule.fwmark.mask) !== 0) return false;
  if (rule.ipProtocol !== null && rule.ipProtocol !== key.protocol) return false;
  if (rule.tos !== null && rule.tos !== 0) return false;
  return inRange(rule.sport, key.sport) && inRange(rule.dport, key.dport);
}

function inRange(range: readonly [number, number] | null, port: number | null): boolean {
  return range === null || (port !== null && port >= range[0] && port <= range[1]);
}

/** `l3mdev` rules concern links inside a VRF: without a VRF they match nothing. */
function isIdleVrfWord(word: string, netns: Netns): boolean {
  return /l3mdev/.test(word) && netns.links.known && !netns.links.value.some((l) => l.kind === "vrf");
}

/** Other than the three that every netns starts with (fib4_has_custom_rules). */
export function hasCustomRules(rules: readonly PolicyRule[], family: 4 | 6): boolean {
  return rules.some((r) => r.family === family && ![0, 32766, 32767].includes(r.priority));
}

export function inPriorityOrder(rules: readonly PolicyRule[]): readonly PolicyRule[] {
  return [...rules].sort((a, b) => a.priority - b.priority);
}
