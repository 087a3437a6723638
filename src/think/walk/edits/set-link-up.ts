import { contains } from "../../../facts/ip.ts";
import { TABLE_MAIN } from "../../../facts/lookup/routes.ts";
import type { Link } from "../../../facts/netns.ts";
import type { NetnsId } from "../../../facts/provenance.ts";
import type { World } from "../../../facts/world.ts";
import type { Read } from "../reads.ts";
import { connectedRoutes } from "./connected-routes.ts";
import type { EditOf } from "./edit.ts";
import type { EditMeaning, Proposal } from "./edit-meaning.ts";
import { linkOf, otherEnd } from "./owners.ts";
import { departure, peersOf, stemOf } from "./peers.ts";
import { replaceTable, rowsOf } from "./replace-table.ts";
import { samePlace } from "./route-lookup.ts";

type SetLinkUp = EditOf<"set-link-up">;

export const setLinkUp: EditMeaning<SetLinkUp> = {
  cost: 1,
  touches(edit, read) {
    if (read.of === "link") return read.netns === edit.netns && read.name === edit.link;
    // Its carrier is its peer's too, and its subnets come back into the main table.
    return read.of === "wire" || (read.of === "route" && read.netns === edit.netns && read.table === TABLE_MAIN);
  },
  apply(world, edit) {
    const link = linkOf(world, edit.netns, edit.link);
    if (link === null || link.up) return world;
    const far = otherEnd(world, edit.netns, edit.link);
    const farLink = far === null ? null : linkOf(world, far.netns, far.link);
    const carrier = farLink === null || farLink.up;
    let next = changeLink(world, edit.netns, edit.link, (l) => withState(l, true, carrier));
    if (far !== null && farLink?.up === true)
      next = changeLink(next, far.netns, far.link, (l) => withState(l, true, true));
    // A bridge that comes up enables its ports (br_stp_enable_bridge).
    for (const port of rowsOf(next, edit.netns, "links").filter((l) => l.master === edit.link && l.up && l.carrier))
      next = changeLink(next, edit.netns, port.name, (l) => ({ ...l, port: portOf(l, true) }));
    return replaceTable(next, edit.netns, "routes", (routes) => {
      const missing = connectedRoutes(link).filter((route) => !routes.some((r) => samePlace(r, route)));
      return missing.length === 0 ? routes : [...routes, ...missing];
    });
  },
  propose: proposeUp,
  object: (edit) => `link ${edit.link}`,
  found(world, edit) {
    const link = linkOf(world, edit.netns, edit.link);
    return link === null ? null : link.up ? "up" : "down";
  },
  wanted: () => "up",
};

function proposeUp(world: World, read: Read): readonly Proposal<SetLinkUp>[] {
  return endsAskedFor(world, read).flatMap(({ netns, link }): readonly Proposal<SetLinkUp>[] => {
    if (linkOf(world, netns, link)?.up !== false) return [];
    const departs = departure("down", statesElsewhere(world, netns, link));
    return [{ edit: { do: "set-link-up", netns, link }, kind: "cure", departure: departs }];
  });
}

/** The link itself; where it has no carrier, the other end of its wire; for a route those whose subnet the address is in. */
function endsAskedFor(world: World, read: Read): readonly { readonly netns: NetnsId; readonly link: string }[] {
  if (read.of === "route") {
    const { netns, table, dst } = read;
    return rowsOf(world, netns, "links")
      .filter((link) => table === TABLE_MAIN && connectedRoutes(link).some((route) => contains(route.dst, dst)))
      .map(({ name }) => ({ netns, link: name }));
  }
  if (read.of !== "link" && read.of !== "wire") return [];
  const link = read.of === "link" ? read.name : read.link;
  const far = otherEnd(world, read.netns, link);
  return [{ netns: read.netns, link }, ...(far === null ? [] : [far])];
}

function statesElsewhere(world: World, netns: NetnsId, name: string): readonly string[] {
  return peersOf(world, netns).flatMap((peer) => {
    const links = rowsOf(world, peer.id, "links");
    const alike = links.find((l) => l.name === name) ?? links.find((l) => stemOf(l.name) === stemOf(name));
    return alike === undefined ? [] : [alike.up ? "up" : "down"];
  });
}

/** A world with one link changed. */
export function changeLink(world: World, netns: NetnsId, name: string, change: (link: Link) => Link): World {
  return replaceTable(world, netns, "links", (links) => {
    const place = links.findIndex((link) => link.name === name);
    const present = links[place];
    const next = present === undefined ? undefined : change(present);
    return next === undefined || next === present ? links : links.with(place, next);
  });
}

function withState(link: Link, up: boolean, carrier: boolean): Link {
  const others = link.flags.filter((flag) => !["UP", "LOWER_UP", "NO-CARRIER"].includes(flag));
  const state = [...(up ? ["UP"] : []), carrier ? "LOWER_UP" : "NO-CARRIER"];
  return { ...link, up, carrier, flags: [...others, ...state], port: portOf(link, up && carrier) };
}

/** A bridge disables the port of a link without carrier, and enables it again with it (br_port_carrier_check); STP would take its time. */
function portOf({ port }: Link, isRunning: boolean): Link["port"] {
  if (port === null) return null;
  if (!isRunning) return { ...port, state: "disabled" };
  return port.state === "disabled" ? { ...port, state: "forwarding" } : port;
}
