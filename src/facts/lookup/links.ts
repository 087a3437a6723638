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

/** Are its frames sent to a MAC address? Those of the loopback and of links without one (tunnels, tun) are not. */
export function resolvesNeighbours(link: Link): boolean {
  const isAddressed = link.mac !== null || asksForNeighbours(link);
  return isAddressed && link.kind !== "loopback" && !link.flags.includes("LOOPBACK");
}

/** IFF_NOARP (`ip link set … arp off`): it neither asks for MAC addresses nor, by ARP, tells its own. */
export function asksForNeighbours(link: Link): boolean {
  return !link.flags.includes("NOARP");
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

/** The end of a pair whose other end is in another namespace. */
export function isVethAway(link: Link): boolean {
  return link.kind === "veth" && link.peerIndex !== null && link.peerNetns !== null;
}
