import type { Netns, PolicyRule } from "../../../facts/netns.ts";
import type { Ruleset } from "../../../facts/ruleset.ts";

/** The bits of a mark that something in this netns asks for: two packets that differ in others fare alike. */
export interface LiveMarks {
  readonly packet: number;
  readonly connection: number;
}

const ALL = 0xffffffff;
const fromRules = new WeakMap<readonly Ruleset[], LiveMarks>();

export function liveMarks(netns: Netns): LiveMarks {
  if (!netns.rulesets.known || !netns.rules.known) return { packet: ALL, connection: ALL };
  const { packet, connection } = askedByRulesets(netns.rulesets.value);
  return { packet: (packet | askedByPolicy(netns.rules.value)) >>> 0, connection };
}

function askedByPolicy(rules: readonly PolicyRule[]): number {
  let bits = 0;
  for (const rule of rules) {
    if (rule.fwmark !== null) bits |= rule.fwmark.mask;
    if (rule.unknown.length > 0) bits = ALL;
  }
  return bits;
}

function askedByRulesets(rulesets: readonly Ruleset[]): LiveMarks {
  const known = fromRules.get(rulesets);
  if (known !== undefined) return known;
  let packet = 0;
  let connection = 0;
  for (const { tables } of rulesets) {
    for (const { chains } of tables) {
      for (const { rules } of chains) {
        for (const { matches, targets } of rules) {
          for (const match of matches) {
            if (match.match === "mark") packet |= match.mask;
            if (match.match === "ct-mark") connection |= match.mask;
          }
          for (const target of targets) {
            if (target.do !== "CONNMARK") continue;
            if (target.op === "save") packet |= target.value;
            if (target.op === "restore") connection |= target.value;
          }
        }
      }
    }
  }
  const live = { packet: packet >>> 0, connection: connection >>> 0 };
  fromRules.set(rulesets, live);
  return live;
}
