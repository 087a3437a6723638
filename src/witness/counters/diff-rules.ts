import type { Provenance } from "../../facts/provenance.ts";
import type { Backend, Rule, Ruleset } from "../../facts/ruleset.ts";

/** A rule that counted packets while the probes ran. */
export interface RuleDelta {
  readonly backend: Backend;
  readonly family: string;
  readonly table: string;
  readonly chain: string;
  readonly number: number;
  readonly text: string;
  readonly packets: number;
  readonly because: Provenance;
}

/**
 * Rules whose packet count rose. Rules are told by their text within their chain, alike ones by their order, so that one
 * inserted in between does not shift the blame; a chain whose counts fell was rewritten, and is left out.
 */
export function diffRules(before: readonly Ruleset[], after: readonly Ruleset[]): readonly RuleDelta[] {
  const earlier = new Map<string, number>();
  eachRule(before, (key, place) => {
    if (place.rule.packets !== null) earlier.set(key, place.rule.packets);
  });
  const deltas: RuleDelta[] = [];
  const rewritten = new Set<string>();
  eachRule(after, (key, { chainKey, backend, family, table, chain, rule }) => {
    const was = earlier.get(key);
    if (was === undefined || rule.packets === null) return;
    if (rule.packets < was) rewritten.add(chainKey);
    if (rule.packets <= was) return;
    const { number, text, because } = rule;
    deltas.push({ backend, family, table, chain, number, text, packets: rule.packets - was, because });
  });
  return deltas.filter((d) => !rewritten.has(chainKeyOf(d.backend, d.family, d.table, d.chain)));
}

interface RulePlace {
  readonly chainKey: string;
  readonly backend: Backend;
  readonly family: string;
  readonly table: string;
  readonly chain: string;
  readonly rule: Rule;
}

function eachRule(rulesets: readonly Ruleset[], visit: (key: string, place: RulePlace) => void): void {
  for (const { backend, tables } of rulesets) {
    for (const { name: table, family, chains } of tables) {
      for (const { name: chain, rules } of chains) {
        const chainKey = chainKeyOf(backend, family, table, chain);
        const alike = new Map<string, number>();
        for (const rule of rules) {
          const nth = (alike.get(rule.text) ?? 0) + 1;
          alike.set(rule.text, nth);
          visit(`${chainKey} ${nth} ${rule.text}`, { chainKey, backend, family, table, chain, rule });
        }
      }
    }
  }
}

function chainKeyOf(backend: Backend, family: string, table: string, chain: string): string {
  return `${backend} ${family} ${table} ${chain}`;
}
