import { type Ip, sameIp } from "../../../facts/ip.ts";
import type { FdbEntry } from "../../../facts/netns.ts";
import type { NetnsId } from "../../../facts/provenance.ts";
import type { World } from "../../../facts/world.ts";
import type { Read } from "../reads.ts";
import type { EditOf } from "./edit.ts";
import type { EditMeaning, Proposal } from "./edit-meaning.ts";
import { linkOf, linksWithMac } from "./owners.ts";
import { departure, mostCommon, peersOf } from "./peers.ts";
import { isKnown, replaceTable, rowsOf } from "./replace-table.ts";

type SetFdb = EditOf<"set-fdb">;

export const setFdb: EditMeaning<SetFdb> = {
  cost: 1,
  touches: (edit, read) =>
    read.of === "fdb" &&
    read.netns === edit.netns &&
    read.dev === edit.entry.dev &&
    read.mac.toLowerCase() === edit.entry.mac.toLowerCase(),
  apply: (world, edit) =>
    replaceTable(world, edit.netns, "fdb", (rows) => {
      const others = rows.filter((row) => !isRemote(row, edit.entry.dev, edit.entry.mac));
      return [...others, edit.entry];
    }),
  propose: proposeFdb,
  object: (edit) => `fdb ${edit.entry.mac} dev ${edit.entry.dev}`,
  found(world, edit) {
    const there = remotesOf(world, edit.netns, edit.entry.dev, edit.entry.mac);
    return there.length === 0 ? null : there.map(remoteText).join(", ");
  },
  wanted: (edit) => remoteText(edit.entry),
};

/** A VXLAN device sends a MAC address to the machine whose tunnel device has it. */
function proposeFdb(world: World, read: Read): readonly Proposal<SetFdb>[] {
  if (read.of !== "fdb" || !isKnown(world, read.netns, "fdb")) return [];
  const dev = linkOf(world, read.netns, read.dev);
  if (dev?.vxlan == null) return [];
  const owners = linksWithMac(world, read.mac).filter((o) => o.link.vxlan !== null && o.netns.id !== read.netns);
  const [owner, ...more] = owners;
  if (owner === undefined || more.length > 0) return [];
  const peers = peersOf(world, read.netns).filter((peer) => peer.id !== owner.netns.id && peer.fdb.known);
  const elsewhere = peers.map((peer) => remotesOf(world, peer.id, read.dev, read.mac)[0]?.dst ?? null);
  const dst =
    owner.link.vxlan?.local ??
    mostCommon(
      elsewhere.filter((ip): ip is Ip => ip !== null),
      (ip) => ip.text,
    );
  if (dst === null) return [];
  const there = remotesOf(world, read.netns, read.dev, read.mac);
  if (there.length === 1 && sameIp(there[0]?.dst ?? null, dst)) return [];
  const entry: FdbEntry = {
    mac: read.mac,
    dev: read.dev,
    vlan: null,
    master: null,
    self: true,
    dst,
    dstPort: null,
    vni: null,
    via: null,
    permanent: true,
    sticky: false,
    because: owner.link.because,
  };
  const departs = departure(
    there[0]?.dst?.text ?? null,
    elsewhere.map((ip) => ip?.text ?? null),
  );
  return [{ edit: { do: "set-fdb", netns: read.netns, entry }, kind: "cure", departure: departs }];
}

function isRemote(row: FdbEntry, dev: string, mac: string): boolean {
  return row.dev === dev && row.dst !== null && row.mac.toLowerCase() === mac.toLowerCase();
}

function remotesOf(world: World, netns: NetnsId, dev: string, mac: string): readonly FdbEntry[] {
  return rowsOf(world, netns, "fdb").filter((row) => isRemote(row, dev, mac));
}

function remoteText(row: FdbEntry): string {
  const words = [`dst ${row.dst?.text ?? "none"}`];
  if (row.dstPort !== null) words.push(`port ${row.dstPort}`);
  if (row.vni !== null) words.push(`vni ${row.vni}`);
  return words.join(" ");
}
