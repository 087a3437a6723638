import type { NetnsId } from "../provenance.ts";
import type { Wire, WireEnd } from "../world.ts";
import { indexedBy } from "./table-index.ts";

const byEnd = indexedBy((wires: readonly Wire[]) => {
  const index = new Map<string, Wire[]>();
  for (const wire of wires) {
    for (const end of wire.ends) {
      const key = `${end.netns} ${end.link}`;
      index.set(key, [...(index.get(key) ?? []), wire]);
    }
  }
  return index;
});

/** What is plugged into a link: a veth pair's other end comes before a segment. */
export function wiresAt(wires: readonly Wire[], netns: NetnsId, link: string): readonly Wire[] {
  const found = byEnd(wires).get(`${netns} ${link}`) ?? [];
  return [...found].sort((a, b) => Number(a.kind === "segment") - Number(b.kind === "segment"));
}

export function otherEnds(wire: Wire, netns: NetnsId, link: string): readonly WireEnd[] {
  return wire.ends.filter((end) => end.netns !== netns || end.link !== link);
}
