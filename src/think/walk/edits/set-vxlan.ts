import type { Link, Vxlan } from "../../../facts/netns.ts";
import type { World } from "../../../facts/world.ts";
import type { Read } from "../reads.ts";
import type { EditOf } from "./edit.ts";
import type { Context, EditMeaning, Proposal } from "./edit-meaning.ts";
import { linkOf } from "./owners.ts";
import { departure, mostCommon, peersOf } from "./peers.ts";
import { rowsOf } from "./replace-table.ts";
import { changeLink } from "./set-link-up.ts";

type SetVxlan = EditOf<"set-vxlan">;

export const setVxlan: EditMeaning<SetVxlan> = {
  cost: 1,
  touches: (edit, read) =>
    read.netns === edit.netns && ((read.of === "link" && read.name === edit.link) || read.of === "socket"),
  apply: (world, edit) =>
    changeLink(world, edit.netns, edit.link, (link) => {
      if (link.vxlan === null || (link.vxlan.vni === edit.vni && link.vxlan.dstPort === edit.dstPort)) return link;
      return { ...link, vxlan: { ...link.vxlan, vni: edit.vni, dstPort: edit.dstPort } };
    }),
  propose: proposeVxlan,
  object: (edit) => `link ${edit.link}`,
  found(world, edit) {
    const vxlan = linkOf(world, edit.netns, edit.link)?.vxlan;
    return vxlan ? text(vxlan) : null;
  },
  wanted: (edit) => `vxlan id ${edit.vni} dstport ${edit.dstPort}`,
};

/**
 * What the devices of this name have elsewhere. Of two that differ the one is wrong whose number its own name
 * contradicts: flannel calls its device `flannel.<VNI>`.
 */
function proposeVxlan(world: World, read: Read, context: Context): readonly Proposal<SetVxlan>[] {
  const asked = read.of === "link" ? linkOf(world, read.netns, read.name) : null;
  const atEnd = context.decided && context.branch.end === "TUNNEL_NO_DEVICE";
  const devices: readonly Link[] =
    asked?.vxlan != null ? [asked] : atEnd ? rowsOf(world, read.netns, "links").filter((l) => l.vxlan !== null) : [];
  return devices.flatMap((link): readonly Proposal<SetVxlan>[] => {
    if (link.vxlan === null || link.vxlan.external) return [];
    const theirs = peersOf(world, read.netns).flatMap((peer) => linkOf(world, peer.id, link.name)?.vxlan ?? []);
    const usual = mostCommon(theirs, text);
    if (usual === null || usual.vni === null || text(usual) === text(link.vxlan)) return [];
    const edit: SetVxlan = {
      do: "set-vxlan",
      netns: read.netns,
      link: link.name,
      vni: usual.vni,
      dstPort: usual.dstPort,
    };
    const named = Number(/\.(\d+)$/.exec(link.name)?.[1] ?? Number.NaN);
    const isAsNamed = named === link.vxlan.vni && named !== usual.vni;
    const departs = departure(text(link.vxlan), theirs.map(text));
    return [{ edit, kind: isAsNamed ? "bypass" : "cure", departure: departs }];
  });
}

function text(vxlan: Vxlan): string {
  return `vxlan id ${vxlan.vni ?? "none"} dstport ${vxlan.dstPort}`;
}
