import type { IpSet } from "../../../facts/ruleset.ts";
import type { World } from "../../../facts/world.ts";
import { bareEntry } from "../netfilter/ip-set-entries.ts";
import { setNamed } from "../netfilter/ip-set.ts";
import type { Read } from "../reads.ts";
import type { EditOf } from "./edit.ts";
import type { EditMeaning, Proposal } from "./edit-meaning.ts";
import { isKnown, replaceTable, rowsOf } from "./replace-table.ts";
import { departingEntries, withEntry } from "./set-departures.ts";

type SetIpsetEntry = EditOf<"set-ipset-entry">;

export const setIpsetEntry: EditMeaning<SetIpsetEntry> = {
  cost: 1,
  touches: (edit, read) => read.of === "set" && read.netns === edit.netns && read.name === edit.set,
  apply: (world, edit) =>
    replaceTable(world, edit.netns, "sets", (sets) => {
      const set = setNamed(sets, edit.set);
      if (set === null || (entryIn(set, edit.entry) !== null) === edit.present) return sets;
      const changed = withEntry(set, edit.entry, edit.present);
      return sets.map((one) => (one === set ? changed : one));
    }),
  propose: proposeEntry,
  object: (edit) => setEntryText(edit.set, edit.entry),
  found(world, edit) {
    const set = setNamed(rowsOf(world, edit.netns, "sets"), edit.set);
    return set === null ? null : entryIn(set, edit.entry);
  },
  wanted: (edit) => (edit.present ? edit.entry : null),
};

function proposeEntry(world: World, read: Read): readonly Proposal<SetIpsetEntry>[] {
  if (read.of !== "set" || !isKnown(world, read.netns, "sets")) return [];
  const { netns, name: set } = read;
  return departingEntries(world, netns, set, read.asked).map(({ entry, present }) => ({
    edit: { do: "set-ipset-entry", netns, set, entry, present: !present },
    kind: "cure",
    departure: 1,
  }));
}

/** Verbatim; null when there is none. */
export function entryIn(set: IpSet, bare: string): string | null {
  return set.entries.find((entry) => bareEntry(entry) === bare) ?? null;
}

/** `ipset KUBE-SRC-ALL entry 10.200.0.0/16` */
export function setEntryText(set: string, entry: string): string {
  return `${isNftSet(set) ? "set" : "ipset"} ${set} entry ${entry}`;
}

/** The name of a set of nft tells its table. */
export function isNftSet(name: string): boolean {
  return /^(?:ip|ip6|inet|bridge|arp|netdev) \S+ \S+$/.test(name);
}
