import type { World } from "../../../facts/world.ts";
import type { Read } from "../reads.ts";
import type { EditOf } from "./edit.ts";
import type { Context, EditMeaning, Proposal } from "./edit-meaning.ts";
import { linkOf } from "./owners.ts";
import { departure, hostsOf, stemOf } from "./peers.ts";
import { rowsOf } from "./replace-table.ts";
import { changeLink } from "./set-link-up.ts";

type SetHairpin = EditOf<"set-hairpin">;

export const setHairpin: EditMeaning<SetHairpin> = {
  cost: 1,
  touches: (edit, read) => read.of === "link" && read.netns === edit.netns && read.name === edit.link,
  apply: (world, edit) =>
    changeLink(world, edit.netns, edit.link, (link) =>
      link.port === null || link.port.hairpin === edit.on
        ? link
        : { ...link, port: { ...link.port, hairpin: edit.on } },
    ),
  propose: proposeHairpin,
  object: (edit) => `link ${edit.link}`,
  found(world, edit) {
    const port = linkOf(world, edit.netns, edit.link)?.port;
    return port ? `hairpin ${port.hairpin ? "on" : "off"}` : null;
  },
  wanted: (edit) => `hairpin ${edit.on ? "on" : "off"}`,
};

function proposeHairpin(world: World, read: Read, context: Context): readonly Proposal<SetHairpin>[] {
  if (read.of !== "link" || context.branch.end !== "BRIDGE_PORT_BLOCKED") return [];
  const port = linkOf(world, read.netns, read.name)?.port;
  if (!port || port.hairpin) return [];
  const ports = hostsOf(world).flatMap((host) =>
    rowsOf(world, host.id, "links").flatMap((l) =>
      l.port !== null && stemOf(l.name) === stemOf(read.name) && !(host.id === read.netns && l.name === read.name)
        ? [String(l.port.hairpin)]
        : [],
    ),
  );
  const edit: SetHairpin = { do: "set-hairpin", netns: read.netns, link: read.name, on: true };
  return [{ edit, kind: "cure", departure: departure("false", ports) }];
}
