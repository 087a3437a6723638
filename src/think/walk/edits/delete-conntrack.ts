import { sameIp } from "../../../facts/ip.ts";
import type { ConntrackEntry, Tuple } from "../../../facts/netns.ts";
import type { World } from "../../../facts/world.ts";
import { outerIp, type Packet } from "../packet.ts";
import type { Read } from "../reads.ts";
import type { EditOf } from "./edit.ts";
import type { Context, EditMeaning, Proposal } from "./edit-meaning.ts";
import { replaceTable, rowsOf } from "./replace-table.ts";

type DeleteConntrack = EditOf<"delete-conntrack">;

export const deleteConntrack: EditMeaning<DeleteConntrack> = {
  cost: 1,
  touches: (edit, read) => read.of === "conntrack" && read.netns === edit.netns,
  apply: (world, edit) =>
    replaceTable(world, edit.netns, "conntrack", (rows) => {
      const left = rows.filter((row) => tupleText(row) !== edit.original);
      return left.length === rows.length ? rows : left;
    }),
  propose: proposeDeletion,
  object: (edit) => `conntrack ${edit.original}`,
  found(world, edit) {
    const row = rowsOf(world, edit.netns, "conntrack").find((r) => tupleText(r) === edit.original);
    return row === undefined ? null : tupleText(row);
  },
  wanted: () => null,
};

/** Entries that this packet met: an old translation wins over the rules of today. */
function proposeDeletion(world: World, read: Read, { steps }: Context): readonly Proposal<DeleteConntrack>[] {
  if (read.of !== "conntrack") return [];
  const packets = steps.filter((step) => step.netns === read.netns).map((step) => step.packet);
  const met = rowsOf(world, read.netns, "conntrack").filter((row) =>
    packets.some((packet) => isOf(packet, row.protocol, row.original) || isOf(packet, row.protocol, row.reply)),
  );
  return met.map((row) => ({
    edit: { do: "delete-conntrack", netns: read.netns, original: tupleText(row) },
    kind: "cure",
    departure: 0.5,
  }));
}

function isOf(packet: Packet, protocol: number, tuple: Tuple): boolean {
  const ip = outerIp(packet);
  if (ip.protocol !== protocol || !sameIp(ip.src, tuple.src) || !sameIp(ip.dst, tuple.dst)) return false;
  const transport = packet.headers[packet.headers.indexOf(ip) + 1];
  if (transport?.kind === "tcp" || transport?.kind === "udp") {
    return transport.sport === tuple.sport && transport.dport === tuple.dport;
  }
  return transport?.kind === "icmp" && transport.id === tuple.sport;
}

const PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [1, "icmp"],
  [6, "tcp"],
  [17, "udp"],
  [58, "icmpv6"],
  [132, "sctp"],
]);

/** `tcp src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2`, as conntrack prints the first tuple. */
export function tupleText({ protocol, original }: ConntrackEntry): string {
  const name = PROTOCOLS.get(protocol) ?? String(protocol);
  const ends = `${name} src=${original.src.text} dst=${original.dst.text}`;
  if (name.startsWith("icmp")) {
    return `${ends} type=${original.dport >> 8} code=${original.dport & 255} id=${original.sport}`;
  }
  return `${ends} sport=${original.sport} dport=${original.dport}`;
}
