import type { World } from "../../../facts/world.ts";
import type { Read } from "../reads.ts";
import type { EditOf } from "./edit.ts";
import type { Context, EditMeaning, Proposal } from "./edit-meaning.ts";
import { linkOf } from "./owners.ts";
import { departure, mostCommon, peersOf, stemOf } from "./peers.ts";
import { rowsOf } from "./replace-table.ts";
import { changeLink } from "./set-link-up.ts";

type SetLinkMtu = EditOf<"set-link-mtu">;

export const setLinkMtu: EditMeaning<SetLinkMtu> = {
  cost: 1,
  touches: (edit, read) => read.of === "link" && read.netns === edit.netns && read.name === edit.link,
  apply: (world, edit) =>
    changeLink(world, edit.netns, edit.link, (link) => (link.mtu === edit.mtu ? link : { ...link, mtu: edit.mtu })),
  propose: proposeMtu,
  object: (edit) => `link ${edit.link}`,
  found(world, edit) {
    const link = linkOf(world, edit.netns, edit.link);
    return link === null ? null : `mtu ${link.mtu}`;
  },
  wanted: (edit) => `mtu ${edit.mtu}`,
};

/** What links of the same name and make have elsewhere; only where size is what stopped it. */
function proposeMtu(world: World, read: Read, context: Context): readonly Proposal<SetLinkMtu>[] {
  if (read.of !== "link" || context.branch.end !== "MTU_EXCEEDED") return [];
  const link = linkOf(world, read.netns, read.name);
  if (link === null) return [];
  const elsewhere = peersOf(world, read.netns).flatMap((peer) => {
    const links = rowsOf(world, peer.id, "links").filter((l) => l.kind === link.kind);
    const alike = links.find((l) => l.name === link.name) ?? links.find((l) => stemOf(l.name) === stemOf(link.name));
    return alike === undefined ? [] : [String(alike.mtu)];
  });
  // Two veths of one machine are as comparable as those of two.
  const beside = rowsOf(world, read.netns, "links")
    .filter((l) => l !== link && l.kind === link.kind && stemOf(l.name) === stemOf(link.name))
    .map((l) => String(l.mtu));
  const all = [...elsewhere, ...beside];
  const usual = Number(mostCommon(all) ?? Number.NaN);
  if (Number.isNaN(usual) || usual <= link.mtu) return [];
  const edit: SetLinkMtu = { do: "set-link-mtu", netns: read.netns, link: link.name, mtu: usual };
  return [{ edit, kind: "cure", departure: departure(String(link.mtu), all) }];
}
