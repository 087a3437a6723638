import type { World } from "../../facts/world.ts";
import type { Branch } from "../walk/branch.ts";
import type { Edit } from "../walk/edits/edit.ts";
import { editKey, proposalsFor } from "../walk/edits/edit-kinds.ts";
import type { Proposal } from "../walk/edits/edit-meaning.ts";
import type { Read } from "../walk/reads.ts";

/**
 * Every correction that could change how this branch goes: those that answer one of its questions otherwise, the deciding ones
 * first. An edit that touches none of them cannot alter the outcome, for the walk is deterministic.
 */
export function candidatesFor(
  world: World,
  branch: Branch,
  at: Branch,
  refuse: (edit: Edit) => boolean,
): readonly Proposal[] {
  const decided = new Set(at.decidedBy.map(readKey));
  const steps = at === branch ? at.steps : [...branch.steps, ...at.steps];
  const found = new Map<string, Proposal>();
  const asked = new Set<string>();
  for (const read of [...at.decidedBy, ...at.reads.toReversed(), ...branch.reads.toReversed()]) {
    const key = readKey(read);
    if (asked.has(key)) continue;
    asked.add(key);
    for (const proposal of proposalsFor(world, read, { branch: at, steps, decided: decided.has(key) })) {
      const name = editKey(proposal.edit);
      const other = found.get(name);
      if (other !== undefined && !(other.kind === "bypass" && proposal.kind === "cure")) continue;
      if (!refuse(proposal.edit)) found.set(name, proposal);
    }
  }
  return [...found.values()];
}

/** The same text for the same question. */
export function readKey(read: Read): string {
  return Object.values(read)
    .map((part) => (typeof part === "object" ? part.text : String(part)))
    .join("\n");
}
