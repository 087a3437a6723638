import { type Ip, sameIp } from "../../../facts/ip.ts";
import type { Link } from "../../../facts/netns.ts";
import type { NetnsId } from "../../../facts/provenance.ts";
import type { World } from "../../../facts/world.ts";
import { answersFor } from "../l2/arp.ts";
import { isAnsweredByRouter } from "../l2/routed.ts";
import { hearersBeyond, type Station } from "../l2/stations.ts";
import type { Read } from "../reads.ts";
import type { EditOf } from "./edit.ts";
import type { EditMeaning, Proposal } from "./edit-meaning.ts";
import { linkOf, ownerOf } from "./owners.ts";
import { departure, peersOf } from "./peers.ts";
import { replaceTable } from "./replace-table.ts";
import { entryOf, isUnresolved, neighbourText } from "./set-neighbour.ts";

type RemoveNeighbour = EditOf<"remove-neighbour">;

export const removeNeighbour: EditMeaning<RemoveNeighbour> = {
  cost: 1,
  touches: (edit, read) =>
    read.of === "neighbour" && read.netns === edit.netns && read.dev === edit.dev && sameIp(read.ip, edit.ip),
  apply: (world, edit) =>
    replaceTable(world, edit.netns, "neighbours", (rows) => {
      const left = rows.filter((row) => row.proxy || row.dev !== edit.dev || !sameIp(row.ip, edit.ip));
      return left.length === rows.length ? rows : left;
    }),
  propose: proposeRemoval,
  object: (edit) => `neigh ${edit.ip.text} dev ${edit.dev}`,
  found: (world, edit) => neighbourText(entryOf(world, edit.netns, edit.dev, edit.ip)),
  wanted: () => null,
};

/**
 * Who answers for the address on that segment, be it by proxy: a pod's gateway (169.254.1.1, fe80::1) is on many, and
 * each has its own.
 */
function ownerBeyond(world: World, id: NetnsId, dev: Link, ip: Ip): Link | null {
  const netns = world.netns.get(id);
  const near = netns === undefined ? [] : hearersBeyond(world, netns, dev).stations;
  const owners = near.filter(({ netns: { id: there }, link }) => there !== id || link.name !== dev.name).filter(has);
  return owners.length === 1 ? (owners[0]?.link ?? null) : (ownerOf(world, ip)?.link ?? null);

  function has({ netns, link }: Station): boolean {
    if (link.addresses.some((a) => sameIp(a.ip, ip))) return true;
    return answersFor({ netns, link, target: ip, sender: null, alone: near.length === 1 }, () => {}).is === "yes";
  }
}

/** An entry that names another MAC address than the link that has the address, where ARP would find the right one. */
function proposeRemoval(world: World, read: Read): readonly Proposal<RemoveNeighbour>[] {
  if (read.of !== "neighbour") return [];
  const there = entryOf(world, read.netns, read.dev, read.ip);
  const dev = linkOf(world, read.netns, read.dev);
  if (there === null || there.mac === null || dev === null || isUnresolved(dev) || dev.flags.includes("NOARP"))
    return [];
  const owner = ownerBeyond(world, read.netns, dev, read.ip);
  const right = owner?.mac?.toLowerCase();
  if (right === undefined || right === there.mac.toLowerCase()) return [];
  const netns = world.netns.get(read.netns);
  if (netns === undefined || isAnsweredByRouter(world, netns, dev, read.ip)) return [];
  const elsewhere = peersOf(world, read.netns).flatMap((peer) => entryOf(world, peer.id, read.dev, read.ip)?.mac ?? []);
  const edit: RemoveNeighbour = { do: "remove-neighbour", netns: read.netns, dev: read.dev, ip: read.ip };
  return [{ edit, kind: "cure", departure: elsewhere.length === 0 ? 1 : departure(there.mac, elsewhere) }];
}
