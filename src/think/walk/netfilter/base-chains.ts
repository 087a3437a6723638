import type { Backend, Chain, Hook, Rule, Ruleset, RuleTable } from "../../../facts/ruleset.ts";
import type { RulePlace } from "./contract.ts";

/** A chain in its table: what a rule is named by, and where a jump looks for its target. */
export interface ChainPlace {
  readonly backend: Backend;
  readonly table: RuleTable;
  readonly chain: Chain;
}

export interface BaseChain extends ChainPlace {
  readonly priority: number;
  readonly isNat: boolean;
}

type HookName = Hook | "ingress" | "egress";

const cache = new WeakMap<readonly Ruleset[], Map<string, readonly BaseChain[]>>();

/** All base chains of a hook, of every backend and of the given families, by priority (nf_hook_entries_grow). */
export function baseChainsAt(
  rulesets: readonly Ruleset[],
  hook: HookName,
  families: readonly string[],
): readonly BaseChain[] {
  const byHook = cache.get(rulesets) ?? new Map<string, readonly BaseChain[]>();
  cache.set(rulesets, byHook);
  const key = `${hook} ${families.join(" ")}`;
  const known = byHook.get(key);
  if (known !== undefined) return known;
  const found: BaseChain[] = [];
  for (const { backend, tables } of rulesets) {
    for (const table of tables) {
      if (!families.includes(table.family)) continue;
      for (const chain of table.chains) {
        if (chain.hook !== hook) continue;
        found.push({ backend, table, chain, priority: chain.priority ?? 0, isNat: chain.type === "nat" });
      }
    }
  }
  found.sort((a, b) => a.priority - b.priority);
  byHook.set(key, found);
  return found;
}

/** The families whose tables see an IP packet. */
export function familiesOf(family: 4 | 6): readonly string[] {
  return [family === 4 ? "ip" : "ip6", "inet"];
}

const chainNames = new WeakMap<RuleTable, ReadonlyMap<string, Chain>>();

export function findChain(table: RuleTable, name: string): Chain | undefined {
  let names = chainNames.get(table);
  if (names === undefined) {
    names = new Map(table.chains.map((chain) => [chain.name, chain]));
    chainNames.set(table, names);
  }
  return names.get(name);
}

export function placeOfRule(at: ChainPlace, rule: Rule): RulePlace {
  return { ...tableOf(at), number: rule.number, text: rule.text, because: rule.because };
}

export function placeOfPolicy(at: ChainPlace): RulePlace {
  const policy = at.chain.policy ?? "ACCEPT";
  const text = at.backend === "nft" ? `policy ${policy.toLowerCase()}` : `-P ${at.chain.name} ${policy}`;
  return { ...tableOf(at), number: 0, text, because: at.chain.because };
}

function tableOf({ backend, table, chain }: ChainPlace) {
  return { backend, family: table.family, table: table.name, chain: chain.name };
}
