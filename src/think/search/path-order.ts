import type { Walk } from "../walk/branch.ts";
import type { Edit } from "../walk/edits/edit.ts";
import { touches } from "../walk/edits/edit-kinds.ts";
import type { Proposal } from "../walk/edits/edit-meaning.ts";
import { branchesOf, type Focus } from "./goal.ts";

/** Proposals in the order in which a packet that arrives meets what they change: of two causes in series the first comes first. */
export function inPathOrder(proposals: readonly Proposal[], healed: Walk, focus: Focus | null): readonly Proposal[] {
  const places = new Map(
    proposals.map((p, i) => [p, placeOf(p.edit, healed, focus) ?? Number.MAX_SAFE_INTEGER / 2 + i]),
  );
  return [...proposals].sort((a, b) => (places.get(a) ?? 0) - (places.get(b) ?? 0));
}

/** Index, over the request's and then the first reply's questions, of the first that the edit answers. Null: none. */
function placeOf(edit: Edit, walk: Walk, focus: Focus | null): number | null {
  const focused = branchesOf(walk, focus);
  for (const branch of focused.length > 0 ? focused : walk.branches) {
    const reads = [...branch.reads, ...branch.reply.flatMap((reply) => reply.reads)];
    const place = reads.findIndex((read) => touches(edit, read));
    if (place >= 0) return place;
  }
  return null;
}
