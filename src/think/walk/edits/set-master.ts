import type { BridgePort } from "../../../facts/netns.ts";
import type { NetnsId } from "../../../facts/provenance.ts";
import type { World } from "../../../facts/world.ts";
import type { Read } from "../reads.ts";
import type { EditOf } from "./edit.ts";
import type { EditMeaning, Proposal } from "./edit-meaning.ts";
import { linkOf, linksWithMac, otherEnd, ownerOf, podLinksLike, usualMaster } from "./owners.ts";
import { departure, mostCommon } from "./peers.ts";
import { changeLink } from "./set-link-up.ts";

type SetMaster = EditOf<"set-master">;

export const setMaster: EditMeaning<SetMaster> = {
  cost: 1,
  touches(edit, read) {
    if (!("netns" in read) || read.netns !== edit.netns) return false;
    if (read.of === "link") return read.name === edit.link || read.name === edit.master;
    // Who hears what the bridge sends to all, and by which port it reaches a MAC address.
    return read.of === "wire" || ((read.of === "neighbour" || read.of === "fdb") && read.dev === edit.master);
  },
  apply: (world, edit) =>
    changeLink(world, edit.netns, edit.link, (link) => {
      if (link.master === edit.master) return link;
      const alike = podLinksLike(world, edit.netns, link).find(({ master }) => master === edit.master);
      const state = link.up && link.carrier ? "forwarding" : "disabled";
      return { ...link, master: edit.master, port: { ...(alike?.port ?? USUAL_PORT), state, hairpin: edit.hairpin } };
    }),
  propose: proposeMaster,
  object: (edit) => `link ${edit.link}`,
  found(world, edit) {
    const link = linkOf(world, edit.netns, edit.link);
    return link === null ? null : link.master === null ? "no master" : `master ${link.master}`;
  },
  wanted: (edit) => `master ${edit.master}`,
};

/** A port as the kernel makes it (br_add_if, new_nbp). */
const USUAL_PORT: BridgePort = {
  state: "forwarding",
  hairpin: false,
  isolated: false,
  learning: true,
  flood: true,
  neighSuppress: false,
};

/** The node's end of a pod's veth, of no bridge, where the others of its kind are ports of one. */
function proposeMaster(world: World, read: Read): readonly Proposal<SetMaster>[] {
  return concerned(world, read).flatMap(({ netns, link: name }): readonly Proposal<SetMaster>[] => {
    const link = linkOf(world, netns, name);
    if (link === null || link.master !== null || link.kind !== "veth") return [];
    const master = usualMaster(world, netns, link);
    if (master === null) return [];
    const alike = podLinksLike(world, netns, link);
    const hairpin = mostCommon(alike.flatMap(({ port }) => port?.hairpin ?? [])) ?? false;
    const masters = alike.map((other) => other.master ?? "");
    const edit: SetMaster = { do: "set-master", netns, link: name, master: master.name, hairpin };
    return [{ edit, kind: "cure", departure: departure("", masters) }];
  });
}

/** The ends of wires that a question is about: the link asked for, and those behind which an address or a MAC address is. */
function concerned(world: World, read: Read): readonly { readonly netns: NetnsId; readonly link: string }[] {
  const ends = (netns: NetnsId, link: string) => {
    const far = otherEnd(world, netns, link);
    return far === null ? [{ netns, link }] : [{ netns, link }, far];
  };
  if (read.of === "link") return ends(read.netns, read.name);
  if (read.of === "wire") return ends(read.netns, read.link);
  if (read.of === "fdb") return linksWithMac(world, read.mac).flatMap(({ netns, link }) => ends(netns.id, link.name));
  if (read.of !== "neighbour") return [];
  const owner = ownerOf(world, read.ip);
  return [...ends(read.netns, read.dev), ...(owner === null ? [] : ends(owner.netns.id, owner.link.name))];
}
