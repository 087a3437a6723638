import type { NetnsId } from "../../../facts/provenance.ts";
import type { World } from "../../../facts/world.ts";
import type { Read } from "../reads.ts";
import { asksChain, type ChainPlace, chainOf, chainText, replaceChain } from "./chains.ts";
import type { EditOf } from "./edit.ts";
import type { Context, EditMeaning, Proposal } from "./edit-meaning.ts";
import { departure, peersOf } from "./peers.ts";

type SetPolicy = EditOf<"set-policy">;

export const setPolicy: EditMeaning<SetPolicy> = {
  cost: 1,
  touches: (edit, read) => asksChain(read, edit.netns, edit) && read.number === 0,
  apply: (world, edit) =>
    replaceChain(world, edit.netns, edit, (chain) =>
      chain.policy === null || chain.policy === edit.policy ? chain : { ...chain, policy: edit.policy },
    ),
  propose: proposeAccepting,
  object: (edit) => `policy ${chainText(edit)}`,
  found: (world, edit) => chainOf(world.netns.get(edit.netns), edit)?.policy ?? null,
  wanted: (edit) => edit.policy,
};

function proposeAccepting(world: World, read: Read, context: Context): readonly Proposal<SetPolicy>[] {
  if (read.of !== "rule" || read.number !== 0 || !context.decided) return [];
  if (chainOf(world.netns.get(read.netns), read)?.policy !== "DROP") return [];
  const { netns, backend, family, table, chain } = read;
  const edit: SetPolicy = { do: "set-policy", netns, backend, family, table, chain, policy: "ACCEPT" };
  return [{ edit, kind: "cure", departure: departure("DROP", atPeers(world, read)) }];
}

/** Every peer drops by policy too: meant, and something else missing, or wrong everywhere. */
export function isPolicyOfAll(world: World, edit: SetPolicy): boolean {
  return departure("DROP", atPeers(world, edit)) === 0;
}

function atPeers(world: World, place: ChainPlace & { readonly netns: NetnsId }): readonly (string | null)[] {
  const peers = peersOf(world, place.netns).filter((peer) => peer.rulesets.known);
  return peers.map((peer) => chainOf(peer, place)?.policy ?? null);
}
