import type { Netns } from "../../../facts/netns.ts";
import type { NetnsId } from "../../../facts/provenance.ts";
import type { Rule } from "../../../facts/ruleset.ts";
import type { World } from "../../../facts/world.ts";
import type { Read } from "../reads.ts";
import { asksChain, type ChainPlace, chainOf, chainText, hasTable, replaceChain, ruleOf } from "./chains.ts";
import type { EditOf } from "./edit.ts";
import type { Context, EditMeaning, Proposal } from "./edit-meaning.ts";
import { inOwnTerms } from "./own-terms.ts";
import { departure, peersOf } from "./peers.ts";

type RemoveRule = EditOf<"remove-rule">;

export const removeRule: EditMeaning<RemoveRule> = {
  cost: 1,
  touches: (edit, read) => asksChain(read, edit.netns, edit) && read.number === edit.number,
  apply: (world, edit) =>
    replaceChain(world, edit.netns, edit, (chain) => {
      const rules = chain.rules.filter((rule) => rule.number !== edit.number || rule.text !== edit.text);
      return rules.length === chain.rules.length ? chain : { ...chain, rules };
    }),
  propose: proposeRemoval,
  object: (edit) => `rule ${chainText(edit)}#${edit.number}`,
  found(world, edit) {
    const rule = ruleOf(world.netns.get(edit.netns), edit, edit.number);
    return rule?.text === edit.text ? rule.text : null;
  },
  wanted: () => null,
};

/** Statements that send a packet another way without ending it. */
const REWRITES: ReadonlySet<string> = new Set([
  "DNAT",
  "SNAT",
  "REDIRECT",
  "MASQUERADE",
  "NOTRACK",
  "MARK",
  "CONNMARK",
]);

/** Statements that keep a packet from the rules behind them. */
const LEAVES: ReadonlySet<string> = new Set(["ACCEPT", "RETURN"]);

/**
 * The rule that dropped or rejected it; and one that rewrote it on the way, or kept it from the rules behind, where no peer has
 * such a rule: those that every node has are kube-proxy's and the CNI's.
 */
function proposeRemoval(world: World, read: Read, context: Context): readonly Proposal<RemoveRule>[] {
  if (read.of !== "rule" || read.number === 0) return [];
  const rule = ruleOf(world.netns.get(read.netns), read, read.number);
  if (rule === null) return [];
  const elsewhere = atPeers(world, read, rule.text);
  const departs = departure(rule.text, elsewhere);
  const stopped = context.decided && rule.targets.some((t) => t.do === "DROP" || t.do === "REJECT");
  const diverted = rule.targets.some((t) => LEAVES.has(t.do)) || rewrote(rule, context);
  const foreign = elsewhere.length > 0 && departs === 1 && diverted;
  if (!stopped && !foreign) return [];
  const { netns, backend, family, table, chain, number } = read;
  const edit: RemoveRule = { do: "remove-rule", netns, backend, family, table, chain, number, text: rule.text };
  return [{ edit, kind: "cure", departure: departs }];
}

/** Every peer has that rule too, or has it of its own network: meant, or wrong everywhere. */
export function isRuleOfAll(world: World, edit: RemoveRule): boolean {
  return departure(edit.text, atPeers(world, edit, edit.text)) === 0;
}

function atPeers(
  world: World,
  place: ChainPlace & { readonly netns: NetnsId },
  text: string,
): readonly (string | null)[] {
  const self = world.netns.get(place.netns);
  const inTerms = self === undefined ? text : inOwnTerms(self, text);
  return peersOf(world, place.netns).flatMap((peer) => {
    const chain = chainOf(peer, place);
    const isAlike = (other: string): boolean =>
      other === text || (inTerms !== text && inOwnTerms(peer, other) === inTerms);
    if (chain !== null) return [chain.rules.some((other) => isAlike(other.text)) ? text : null];
    // Chains of a single pod have no counterpart elsewhere; what hangs on a hook has, in tables of everybody's.
    return peer.rulesets.known && isOfMachine(world, place, peer) ? [null] : [];
  });
}

/** A chain that hangs on a hook, or one of a table that the peer has not at all. */
function isOfMachine(world: World, place: ChainPlace & { readonly netns: NetnsId }, peer: Netns): boolean {
  return chainOf(world.netns.get(place.netns), place)?.hook != null || !hasTable(peer, place);
}

/** It acted on this very packet: a step rests on it. */
function rewrote(rule: Rule, { steps }: Context): boolean {
  if (!rule.targets.some((target) => REWRITES.has(target.do))) return false;
  return steps.some((step) => step.because === rule.because);
}
