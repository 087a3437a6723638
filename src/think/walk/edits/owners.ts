import { contains, type Ip } from "../../../facts/ip.ts";
import { linkNamed } from "../../../facts/lookup/links.ts";
import { TABLE_MAIN } from "../../../facts/lookup/routes.ts";
import { indexedBy } from "../../../facts/lookup/table-index.ts";
import type { Address, Link, Netns, Table } from "../../../facts/netns.ts";
import { type NetnsId, netnsId } from "../../../facts/provenance.ts";
import { linksOf, type World } from "../../../facts/world.ts";
import { hostsOf, mostCommon, stemOf } from "./peers.ts";
import { bestRoute } from "./route-lookup.ts";

export interface Owner {
  readonly netns: Netns;
  readonly link: Link;
  readonly address: Address;
}

const addresses = indexedBy(
  (links: Table<Link>): ReadonlyMap<string, readonly [Link, Address]> =>
    new Map(links.flatMap((link) => link.addresses.map((a) => [a.ip.text, [link, a]] as const))),
);

/** Who has this address, when exactly one netns has it: 127.0.0.1 or a node-local 169.254.x.y is nobody's. */
export function ownerOf(world: World, ip: Ip): Owner | null {
  let owner: Owner | null = null;
  for (const netns of world.netns.values()) {
    const entry = addresses(linksOf(netns)).get(ip.text);
    if (entry === undefined) continue;
    if (owner !== null) return null;
    owner = { netns, link: entry[0], address: entry[1] };
  }
  return owner;
}

/** The link of one name in a netns. */
export function linkOf(world: World, id: NetnsId, name: string): Link | null {
  return linkNamed(linksOf(world.netns.get(id)), name);
}

export function hostOf(world: World, netns: Netns): Netns | null {
  return world.netns.get(netnsId(netns.node, "host")) ?? null;
}

/**
 * The machine behind which an address lives: its owner's; or, when the owner was not read, the only machine that routes it to a
 * link of its own rather than to a next hop; or the one that is the others' next hop for it.
 */
export function homeOf(world: World, ip: Ip): Netns | null {
  const owner = ownerOf(world, ip);
  if (owner !== null) return hostOf(world, owner.netns);
  const keepers: Netns[] = [];
  const nextHops: Netns[] = [];
  for (const host of hostsOf(world)) {
    const best = host.routes.known ? bestRoute(host.routes.value, TABLE_MAIN, ip) : null;
    if (best === null || best.dst.length === 0) continue;
    const vias = best.nexthops.flatMap((hop) => hop.via ?? []);
    if (vias.length === 0) keepers.push(host);
    const next = vias.map((via) => ownerOf(world, via)?.netns);
    for (const netns of next) if (netns?.name === "host") nextHops.push(netns);
  }
  if (keepers.length === 1) return keepers[0] ?? null;
  return keepers.length === 0 ? mostCommon(nextHops, (netns) => netns.id) : null;
}

/** A link's first address of a family, the global ones before the link-local. */
export function addressOf(link: Link, family: 4 | 6): Address | null {
  const all = link.addresses.filter((a) => a.ip.family === family);
  return all.find((a) => a.scope !== "link") ?? all[0] ?? null;
}

/** True when the address lies in a subnet of one of the netns's links. */
export function isOnLink(netns: Netns, ip: Ip): boolean {
  return linksOf(netns).some((link) =>
    link.addresses.some((a) => contains(a.prefix, ip) && a.prefix.length < (ip.family === 4 ? 32 : 128)),
  );
}

/** The links with this MAC address, over the whole world. */
export function linksWithMac(world: World, mac: string): readonly { netns: Netns; link: Link }[] {
  const found = [];
  for (const netns of world.netns.values()) {
    for (const link of linksOf(netns)) {
      if (link.mac !== null && link.mac.toLowerCase() === mac.toLowerCase()) found.push({ netns, link });
    }
  }
  return found;
}

/** Where the other end of a link's wire is, when it is a veth whose peer was read. */
export function otherEnd(world: World, id: NetnsId, link: string): { netns: NetnsId; link: string } | null {
  for (const wire of world.wires) {
    if (wire.kind !== "veth") continue;
    const [a, b] = wire.ends;
    if (a.netns === id && a.link === link) return b;
    if (b.netns === id && b.link === link) return a;
  }
  return null;
}

/** The machines' ends of other pods' wires that are named alike: what a CNI made as it made this one. */
export function podLinksLike(world: World, id: NetnsId, link: Link): readonly Link[] {
  const isPods = (host: NetnsId, name: string): boolean => {
    const far = otherEnd(world, host, name);
    return far !== null && world.netns.get(far.netns)?.name !== "host";
  };
  return hostsOf(world).flatMap((host) =>
    linksOf(host).filter(
      (other) =>
        stemOf(other.name) === stemOf(link.name) &&
        !(host.id === id && other.name === link.name) &&
        isPods(host.id, other.name),
    ),
  );
}

/** The bridge of its machine that a pod's link ought to be a port of, by the links like it; null where most are ports of none. */
export function usualMaster(world: World, id: NetnsId, link: Link): Link | null {
  const name = mostCommon(podLinksLike(world, id, link).map((other) => other.master ?? ""));
  const master = name ? linkOf(world, id, name) : null;
  return master?.kind === "bridge" ? master : null;
}
