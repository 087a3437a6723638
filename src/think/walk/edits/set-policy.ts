import type { World } from "../../../facts/world.ts";
import type { Read } from "../reads.ts";
import { asksChain, chainOf, chainText, replaceChain } from "./chains.ts";
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

/** Where every peer drops by policy too, the policy is meant, and something else is missing here. */
function proposeAccepting(world: World, read: Read, context: Context): readonly Proposal<SetPolicy>[] {
  if (read.of !== "rule" || read.number !== 0 || !context.decided) return [];
  if (chainOf(world.netns.get(read.netns), read)?.policy !== "DROP") return [];
  const peers = peersOf(world, read.netns).filter((peer) => peer.rulesets.known);
  const departs = departure(
    "DROP",
    peers.map((peer) => chainOf(peer, read)?.policy ?? null),
  );
  const { netns, backend, family, table, chain } = read;
  const edit: SetPolicy = { do: "set-policy", netns, backend, family, table, chain, policy: "ACCEPT" };
  return [{ edit, kind: departs === 0 ? "bypass" : "cure", departure: departs }];
}
