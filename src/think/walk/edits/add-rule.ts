import { contains, type Ip } from "../../../facts/ip.ts";
import type { Chain, Rule, Target } from "../../../facts/ruleset.ts";
import type { World } from "../../../facts/world.ts";
import { outerIp } from "../packet.ts";
import type { Read } from "../reads.ts";
import { asksChain, type ChainPlace, chainOf, chainText, replaceChain } from "./chains.ts";
import type { EditOf } from "./edit.ts";
import type { Context, EditMeaning, Proposal } from "./edit-meaning.ts";
import { inOwnTerms } from "./own-terms.ts";
import { peersOf } from "./peers.ts";

type AddRule = EditOf<"add-rule">;

export const addRule: EditMeaning<AddRule> = {
  cost: 1,
  touches: (edit, read) => asksChain(read, edit.netns, edit),
  apply: (world, edit) =>
    replaceChain(world, edit.netns, edit, (chain) => {
      if (chain.rules.some((rule) => rule.text === edit.rule.text)) return chain;
      const place = chain.rules.findIndex((rule) => rule.number >= edit.number);
      // Numbers are names: the newcomer's must not be another's.
      const rule = { ...edit.rule, number: 1 + chain.rules.reduce((most, r) => Math.max(most, r.number), 0) };
      return { ...chain, rules: chain.rules.toSpliced(place < 0 ? chain.rules.length : place, 0, rule) };
    }),
  propose: proposeAdding,
  object: (edit) => `rule ${chainText(edit)}#${edit.number}`,
  found: () => null,
  wanted: (edit) => edit.rule.text,
};

/** Where chains end that a packet passes: their last question tells that all of the rest did not match. */
function proposeAdding(world: World, read: Read, context: Context): readonly Proposal<AddRule>[] {
  if (read.of !== "rule") return [];
  const netns = world.netns.get(read.netns);
  const chain = chainOf(netns, read);
  const peers = peersOf(world, read.netns).filter((peer) => peer.rulesets.known);
  if (netns === undefined || chain === null || peers.length === 0) return [];
  const own = new Set(chain.rules.map((rule) => rule.text));
  const theirs = peers.map((peer) => chainOf(peer, read));
  const [first] = theirs;
  const [peer] = peers;
  if (first === undefined || first === null || peer === undefined) return [];
  const hasOfItsOwn = ({ text }: Rule): boolean => {
    const inTerms = inOwnTerms(peer, text);
    return inTerms !== text && chain.rules.some((rule) => inOwnTerms(netns, rule.text) === inTerms);
  };
  const addresses = addressesIn(context);
  return first.rules
    .filter((rule) => !own.has(rule.text) && concerns(rule, addresses))
    .filter((rule) => theirs.every((other) => other?.rules.some((r) => r.text === rule.text)))
    .filter((rule) =>
      rule.targets.every((t) =>
        t.do === "jump" || t.do === "goto"
          ? chainOf(netns, { ...read, chain: t.chain }) !== null
          : t.do !== "DROP" && t.do !== "REJECT",
      ),
    )
    .filter((rule) => !hasOfItsOwn(rule))
    .map((rule) => ({ edit: insertion(read.netns, read, chain, first, rule), kind: "cure", departure: 1 }));
}

/** Before the first of the rules that follow it at the peer's and exist here too; else last. */
function insertion(netns: string, place: ChainPlace, chain: Chain, theirs: Chain, rule: Rule): AddRule {
  const after = theirs.rules.slice(theirs.rules.indexOf(rule) + 1).map((r) => r.text);
  const next = chain.rules.find((r) => after.includes(r.text));
  const last = chain.rules.reduce((most, r) => Math.max(most, r.number), 0);
  const { backend, family, table, chain: name } = place;
  const number = next?.number ?? last + 1;
  const before = next?.text ?? null;
  const isAlone = hasLostWhatComesFirst(chain, theirs, rule);
  return { do: "add-rule", netns, backend, family, table, chain: name, number, before, rule, isAlone };
}

/** After these the packet goes on to the next rule. */
const CONTINUES: ReadonlySet<Target["do"]> = new Set(["MARK", "CONNMARK", "NOTRACK", "LOG", "TRACE", "harmless"]);

/** At the peer's other rules take packets away before this one sees them, and they are missing here as well: alone it would see more. */
function hasLostWhatComesFirst(chain: Chain, theirs: Chain, rule: Rule): boolean {
  const own = new Set(chain.rules.map((r) => r.text));
  const ends = new Set(rule.targets.map((t) => t.do));
  return theirs.rules
    .slice(0, theirs.rules.indexOf(rule))
    .some((r) => !own.has(r.text) && r.targets.some((t) => !CONTINUES.has(t.do) && !ends.has(t.do)));
}

function addressesIn({ steps }: Context): { readonly src: readonly Ip[]; readonly dst: readonly Ip[] } {
  const headers = steps.map((step) => outerIp(step.packet));
  return { src: headers.map((h) => h.src), dst: headers.map((h) => h.dst) };
}

/** False when its addresses are none of the packet's: most rules of a node are about other Services. */
function concerns(rule: Rule, addresses: { readonly src: readonly Ip[]; readonly dst: readonly Ip[] }): boolean {
  return rule.matches.every((match) => {
    if ((match.match !== "source" && match.match !== "destination") || match.negate) return true;
    const seen = match.match === "source" ? addresses.src : addresses.dst;
    return match.prefixes.some((prefix) => seen.some((ip) => contains(prefix, ip)));
  });
}
