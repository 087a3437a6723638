import { linkNamed } from "../../../facts/lookup/links.ts";
import { otherEnds, wiresAt } from "../../../facts/lookup/wires.ts";
import type { Link, Netns } from "../../../facts/netns.ts";
import type { Read } from "../reads.ts";
import type { Move, Traveller } from "../traveller.ts";

/** Ends the walk where a link cannot send: it is down, or has no carrier because the other end is. Null: it can. */
export function endAtDeadLink(traveller: Traveller, netns: Netns, link: Link): readonly Move[] | null {
  const at = { netns: netns.id, link: link.name };
  const read: Read = { of: "link", netns: netns.id, name: link.name };
  if (!link.up) return traveller.end({ ...at, disposition: "LINK_DOWN", decidedBy: [read] });
  // A bridge has carrier when one of its ports has: which port fails is found behind it.
  if (link.carrier || link.kind === "bridge") return null;
  for (const wire of wiresAt(traveller.world.wires, netns.id, link.name)) {
    if (wire.kind !== "veth") continue;
    for (const end of otherEnds(wire, netns.id, link.name)) {
      const there = traveller.world.netns.get(end.netns);
      const peer = there?.links.known ? linkNamed(there.links.value, end.link) : null;
      if (peer === null || peer.up) continue;
      const peerRead: Read = { of: "link", netns: end.netns, name: end.link };
      traveller.ask(peerRead);
      return traveller.end({ ...at, disposition: "RECEIVER_LINK_DOWN", decidedBy: [peerRead] });
    }
  }
  return traveller.end({ ...at, disposition: "LINK_DOWN", decidedBy: [read] });
}
