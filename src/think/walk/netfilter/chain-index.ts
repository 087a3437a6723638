import type { Chain, Match, Rule, Target } from "../../../facts/ruleset.ts";
import type { PacketView } from "./packet-view.ts";

/**
 * The rules of a chain that could match a packet, in order. kube-proxy writes chains with thousands of rules, each for
 * one destination and port; those that are for another one need not be asked.
 */
export function candidateRules(chain: Chain, view: PacketView): readonly Rule[] {
  const index = indexOf(chain);
  if (index.byDestination.size === 0 && index.byPort.size === 0) return index.always;
  const key = `${view.ip.dst.family} ${view.ip.dst.value} ${view.dport ?? "-"}`;
  const known = index.answers.get(key);
  if (known !== undefined) return known;
  const mine = [
    ...(index.byDestination.get(view.ip.dst.value) ?? []),
    ...(view.dport === null ? [] : (index.byPort.get(view.dport) ?? [])),
  ];
  const merged =
    mine.length === 0 ? index.always : [...index.always, ...mine].sort((a, b) => index.at(a) - index.at(b));
  if (index.answers.size >= MOST_ANSWERS) index.answers.clear();
  index.answers.set(key, merged);
  return merged;
}

/** Targets that neither end the traversal nor change the packet or its connection. */
export function isInert(target: Target): boolean {
  return target.do === "LOG" || target.do === "TRACE" || target.do === "harmless";
}

interface ChainIndex {
  readonly always: readonly Rule[];
  readonly byDestination: ReadonlyMap<bigint, readonly Rule[]>;
  readonly byPort: ReadonlyMap<number, readonly Rule[]>;
  readonly at: (rule: Rule) => number;
  readonly answers: Map<string, readonly Rule[]>;
}

const MOST_ANSWERS = 256;
/** Below this an index costs more than it saves. */
const WORTH_INDEXING = 24;

const indexes = new WeakMap<Chain, ChainIndex>();

function indexOf(chain: Chain): ChainIndex {
  const known = indexes.get(chain);
  if (known !== undefined) return known;
  const fresh = buildIndex(chain.rules.filter((rule) => !rule.targets.every(isInert)));
  indexes.set(chain, fresh);
  return fresh;
}

function buildIndex(rules: readonly Rule[]): ChainIndex {
  const always: Rule[] = [];
  const byDestination = new Map<bigint, Rule[]>();
  const byPort = new Map<number, Rule[]>();
  const order = new Map<Rule, number>();
  for (const [i, rule] of rules.entries()) {
    order.set(rule, i);
    const key = rules.length < WORTH_INDEXING ? null : keyOf(rule);
    if (key === null) always.push(rule);
    else if (typeof key === "bigint") push(byDestination, key, rule);
    else push(byPort, key, rule);
  }
  return { always, byDestination, byPort, at: (rule) => order.get(rule) ?? 0, answers: new Map() };
}

/** A bigint is a destination address, a number a destination port. */
function keyOf(rule: Rule): bigint | number | null {
  let port: number | null = null;
  for (const match of rule.matches) {
    const host = hostOf(match);
    if (host !== null) return host;
    if (match.match === "dport" && !match.negate && match.ranges.length === 1) {
      const [low, high] = match.ranges[0] ?? [0, 1];
      if (low === high) port = low;
    }
  }
  return port;
}

function hostOf(match: Match): bigint | null {
  if (match.match !== "destination" || match.negate || match.prefixes.length !== 1) return null;
  const [prefix] = match.prefixes;
  if (prefix === undefined || prefix.length !== (prefix.family === 4 ? 32 : 128)) return null;
  return prefix.base;
}

function push<K>(map: Map<K, Rule[]>, key: K, rule: Rule): void {
  const bucket = map.get(key);
  if (bucket === undefined) map.set(key, [rule]);
  else bucket.push(rule);
}
