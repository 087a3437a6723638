import type { Link, Table } from "../netns.ts";
import { groupBy, indexedBy } from "./table-index.ts";

const byName = indexedBy((links: Table<Link>) => new Map(links.map((l) => [l.name, l])));
const byMaster = indexedBy((links: Table<Link>) => groupBy(links, (l) => l.master));

export function linkNamed(links: Table<Link>, name: string): Link | null {
  return byName(links).get(name) ?? null;
}

/** The ports of a bridge, the slaves of a bond. */
export function linksUnder(links: Table<Link>, master: string): readonly Link[] {
  return byMaster(links).get(master) ?? [];
}

/** Does it take part in address resolution? IFF_NOARP devices and the loopback do not. */
export function resolvesNeighbours(link: Link): boolean {
  return !link.flags.includes("NOARP") && link.kind !== "loopback" && !link.flags.includes("LOOPBACK");
}

/** Kinds of links that can lead to other machines by layer 2. Tunnels do not, dummies lead nowhere. */
export const UPLINK_KINDS: ReadonlySet<string> = new Set([
  "device",
  "veth",
  "vlan",
  "macvlan",
  "ipvlan",
  "bond",
  "team",
]);
