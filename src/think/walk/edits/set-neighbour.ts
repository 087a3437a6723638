import { type Ip, sameIp } from "../../../facts/ip.ts";
import { isUsable, neighbourOf } from "../../../facts/lookup/neighbours.ts";
import type { Link, Neighbour } from "../../../facts/netns.ts";
import type { NetnsId } from "../../../facts/provenance.ts";
import type { World } from "../../../facts/world.ts";
import type { Read } from "../reads.ts";
import type { EditOf } from "./edit.ts";
import type { EditMeaning, Proposal } from "./edit-meaning.ts";
import { linkOf, ownerOf } from "./owners.ts";
import { departure, peersOf } from "./peers.ts";
import { isKnown, replaceTable, rowsOf } from "./replace-table.ts";

type SetNeighbour = EditOf<"set-neighbour">;

export const setNeighbour: EditMeaning<SetNeighbour> = {
  cost: 1,
  touches: (edit, read) =>
    read.of === "neighbour" &&
    read.netns === edit.netns &&
    read.dev === edit.neighbour.dev &&
    sameIp(read.ip, edit.neighbour.ip),
  apply: (world, edit) =>
    replaceTable(world, edit.netns, "neighbours", (rows) => {
      const place = rows.findIndex((row) => isEntry(row, edit.neighbour.dev, edit.neighbour.ip));
      if (place < 0) return [...rows, edit.neighbour];
      const there = rows[place];
      return there?.mac === edit.neighbour.mac && isUsable(there) ? rows : rows.with(place, edit.neighbour);
    }),
  propose: proposeNeighbour,
  object: (edit) => `neigh ${edit.neighbour.ip.text} dev ${edit.neighbour.dev}`,
  found: (world, edit) => neighbourText(entryOf(world, edit.netns, edit.neighbour.dev, edit.neighbour.ip)),
  wanted: (edit) => neighbourText(edit.neighbour),
};

/**
 * The MAC address of the link that has the address. Written only for devices on which nothing is resolved (VXLAN under a CNI):
 * elsewhere a wrong entry is removed, and ARP does the rest.
 */
function proposeNeighbour(world: World, read: Read): readonly Proposal<SetNeighbour>[] {
  if (read.of !== "neighbour" || !isKnown(world, read.netns, "neighbours")) return [];
  const dev = linkOf(world, read.netns, read.dev);
  const owner = ownerOf(world, read.ip);
  if (dev === null || !isUnresolved(dev) || owner === null || owner.link.mac === null) return [];
  const there = entryOf(world, read.netns, read.dev, read.ip);
  if (there !== null && isUsable(there) && there.mac?.toLowerCase() === owner.link.mac.toLowerCase()) return [];
  const elsewhere = peersOf(world, read.netns)
    .filter((peer) => peer.id !== owner.netns.id && peer.neighbours.known)
    .map((peer) => entryOf(world, peer.id, read.dev, read.ip)?.mac ?? null);
  const neighbour: Neighbour = {
    ip: read.ip,
    dev: read.dev,
    mac: owner.link.mac,
    state: "PERMANENT",
    proxy: false,
    because: owner.link.because,
  };
  return [
    {
      edit: { do: "set-neighbour", netns: read.netns, neighbour },
      kind: "cure",
      departure: departure(there?.mac ?? null, elsewhere),
    },
  ];
}

/** VXLAN without learning: its control plane writes neighbours and FDB. */
export function isUnresolved(dev: Link): boolean {
  return dev.vxlan !== null && !dev.vxlan.learning;
}

function isEntry(row: Neighbour, dev: string, ip: Ip): boolean {
  return !row.proxy && row.dev === dev && sameIp(row.ip, ip);
}

export function entryOf(world: World, netns: NetnsId, dev: string, ip: Ip): Neighbour | null {
  return neighbourOf(rowsOf(world, netns, "neighbours"), dev, ip);
}

export function neighbourText(row: Neighbour | null): string | null {
  if (row === null) return null;
  return row.mac === null ? row.state : `lladdr ${row.mac} ${row.state}`;
}
