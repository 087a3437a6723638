import { contains, type Ip, type Prefix, prefixOf } from "../../../facts/ip.ts";
import { neighbourOf } from "../../../facts/lookup/neighbours.ts";
import { TABLE_LOCAL, TABLE_MAIN } from "../../../facts/lookup/routes.ts";
import { linkNamed } from "../../../facts/lookup/links.ts";
import type { Address, Link, Netns, Nexthop, Route } from "../../../facts/netns.ts";
import { linksOf, type World } from "../../../facts/world.ts";
import type { Read } from "../reads.ts";
import { connectedRoutes } from "./connected-routes.ts";
import type { EditOf } from "./edit.ts";
import type { Proposal } from "./edit-meaning.ts";
import { addressOf, type Owner, homeOf, hostOf, isOnLink, linkOf, otherEnd, ownerOf, usualMaster } from "./owners.ts";
import { isOverlap } from "./overlap.ts";
import { hostsOf, peersOf } from "./peers.ts";
import { rowsOf } from "./replace-table.ts";
import { bestRoute, samePlace, sameWay } from "./route-lookup.ts";

type Proposed = Proposal<EditOf<"add-route">>;

/**
 * The routes that this netns ought to have for an address, told by the way in which the others are routed: its own routes to
 * other machines, its peers' routes to the same place, the link behind which the address lives.
 */
export function proposeRoutes(world: World, read: Read): readonly Proposed[] {
  if (read.of !== "route") return [];
  const netns = world.netns.get(read.netns);
  if (netns === undefined || !netns.routes.known) return [];
  const present = bestRoute(netns.routes.value, read.table, read.dst);
  const departs = share(world, netns, homeOf(world, read.dst), read, present);
  return expectedRoutes(world, read)
    .filter(
      (route) =>
        present === null || (improves(present, route) && !(isPrepared(netns, present) && !isPrepared(netns, route))),
    )
    .map((route) => ({ edit: { do: "add-route", netns: netns.id, route }, kind: "cure", departure: departs }));
}

/** The routes that the pattern of the cluster gives this netns for an address, there or not. */
export function expectedRoutes(world: World, read: Extract<Read, { of: "route" }>): readonly Route[] {
  const { table, dst } = read;
  const netns = world.netns.get(read.netns);
  if (table === TABLE_LOCAL || netns === undefined || !netns.routes.known || !netns.links.known) return [];
  const home = netns.name === "host" ? homeOf(world, dst) : null;
  // The vantage outside is no machine of the cluster: to it the way is that to the world.
  if (home === null || !hostsOf(world).includes(home)) return distinct(fromPeersOutward(world, netns, table, dst));
  const own = home.id === netns.id ? toOwnLink(world, netns, table, dst) : [];
  if (own.length > 0) return own;
  const connected = table === TABLE_MAIN ? connectedTo(world, netns, dst) : [];
  if (connected.length > 0 || home.id === netns.id) return connected;
  return distinct(toAnotherMachine(world, netns, home, table, dst));
}

/** A less specific route, or the same prefix another way; never a second opinion on what is better covered already. */
function improves(present: Route, route: Route): boolean {
  if (present.dst.length > route.dst.length) return false;
  if (present.dst.length < route.dst.length) return true;
  return !sameWay(present, route) && (samePlace(present, route) || present.metric > route.metric);
}

/** Somebody has set who the next hop is: what made that neighbour permanent meant this way, as a CNI does for its tunnel. */
function isPrepared({ neighbours }: Netns, route: Route): boolean {
  return (
    neighbours.known &&
    route.nexthops.some(
      ({ via, dev }) => via !== null && dev !== null && neighbourOf(neighbours.value, dev, via)?.state === "PERMANENT",
    )
  );
}

/** The address is a pod's on this machine: the subnet of the bridge that its veth is a port of, or a host route to the veth. */
function toOwnLink(world: World, netns: Netns, table: number, dst: Ip): readonly Route[] {
  const owner = ownerOf(world, dst);
  if (owner === null || owner.netns.id === netns.id || table !== TABLE_MAIN) return [];
  const end = otherEnd(world, owner.netns.id, owner.link.name);
  const link = end?.netns === netns.id ? linkOf(world, netns.id, end.link) : null;
  if (link === null) return [];
  // A route past the bridge that the others are ports of is none that this machine ought to have.
  const master = link.master === null ? usualMaster(world, netns.id, link) : linkOf(world, netns.id, link.master);
  if (master !== null) return connectedRoutes(master).filter((route) => contains(route.dst, dst));
  const hop: Nexthop = { via: null, dev: link.name, weight: 1, flags: [], encap: null };
  return [
    {
      type: "unicast",
      dst: prefixOf(dst.family, dst.value, dst.family === 4 ? 32 : 128),
      table,
      metric: dst.family === 4 ? 0 : 1024,
      tos: 0,
      scope: dst.family === 4 ? "link" : "global",
      protocol: "boot",
      src: null,
      nexthops: [hop],
      mtu: null,
      because: owner.address.because,
    },
  ];
}

/** A link with an address of that very subnet reaches it without any next hop. */
function connectedTo(world: World, netns: Netns, dst: Ip): readonly Route[] {
  return linksOf(netns)
    .filter((link) => link.up)
    .flatMap(connectedRoutes)
    .filter((route) => contains(route.dst, dst) && !isOverlap(world, netns, route, dst));
}

interface Shape {
  readonly route: Route;
  readonly hop: Nexthop;
  /** Which link of the next machine has the next hop's address. */
  readonly next: Owner;
  /** The next hop lies in a subnet of the machine that holds the route. */
  readonly direct: boolean;
}

/** The machine's own routes to other machines show the pattern; where it has none, its peers' do. */
function toAnotherMachine(world: World, netns: Netns, home: Netns, table: number, dst: Ip): readonly Route[] {
  const block = blockOf(world, netns, home, table, dst);
  if (block === null) return [];
  const own = shapesOf(world, netns, table, dst.family).filter(({ route }) => !contains(route.dst, dst));
  const shapes =
    own.length > 0
      ? own
      : hostsOf(world).flatMap((host) => (host.id === netns.id ? [] : shapesOf(world, host, table, dst.family)));
  const candidates = shapes.flatMap((shape) => {
    const { route, hop } = shape;
    const via = counterpart(home, shape.next);
    const dev = via === null ? null : linkTowards(netns, table, hop, via.ip);
    if (via === null || dev === null) return [];
    const src = own.length > 0 ? route.src : null;
    const made: Route = { ...route, dst: block, src, nexthops: [{ ...hop, flags: lasting(hop), dev, via: via.ip }] };
    return [{ made, alike: shape.direct === isOnLink(netns, via.ip) }];
  });
  // With cross-subnet modes a tunnel leads to far machines and a plain route to near ones.
  const alike = candidates.filter((c) => c.alike);
  if (alike.length > 0) return alike.map((c) => c.made);
  const past = pastRouters(world, netns, table, dst, block);
  return past.length > 0 ? past : candidates.map((c) => c.made);
}

/** Uplinks' names differ (`eth0`, `ens3`): the address in the same subnet; a tunnel's, in none, by its link's. */
function counterpart(home: Netns, { link, address }: Owner): Address | null {
  const { family } = address.ip;
  const namesake = linkNamed(linksOf(home), link.name);
  const isSubnet = address.scope !== "link" && isWide(address);
  const all = [namesake, ...linksOf(home)].flatMap((l) => l?.addresses ?? []);
  const inSubnet = isSubnet ? all.find((a) => a.ip.family === family && contains(address.prefix, a.ip)) : undefined;
  return inSubnet ?? (namesake === null ? null : addressOf(namesake, family));
}

/** That of the same name, else another whose network the next hop is in: the kernel takes no route to one beyond it. */
function linkTowards(netns: Netns, table: number, { dev, flags }: Nexthop, via: Ip): string | null {
  const links = linksOf(netns);
  const namesake = dev === null ? null : linkNamed(links, dev);
  if (flags.includes("onlink")) return namesake?.name ?? null;
  const way = netns.routes.known ? bestRoute(netns.routes.value, table, via) : null;
  const leadsThere = (link: Link): boolean =>
    link.addresses.some((a) => isWide(a) && contains(a.prefix, via)) ||
    way?.nexthops.every((hop) => hop.via === null && hop.dev === link.name) === true;
  if (namesake !== null && leadsThere(namesake)) return namesake.name;
  return links.find(leadsThere)?.name ?? null;
}

function isWide({ ip, prefix }: Address): boolean {
  return prefix.length < (ip.family === 4 ? 32 : 128);
}

/**
 * Machines of another subnet are reached through routers that are none of the cluster's machines: as this one goes to yet others,
 * or as its neighbours go there.
 */
function pastRouters(world: World, netns: Netns, table: number, dst: Ip, block: Prefix): readonly Route[] {
  const isOthers = (to: Prefix): boolean =>
    [...world.netns.values()].some(
      (n) => n.node !== netns.node && linksOf(n).some((l) => l.addresses.some((a) => contains(to, a.ip))),
    );
  const own = rowsOf(world, netns.id, "routes").filter((r) => !contains(r.dst, dst) && isOthers(r.dst));
  const peers = peersOf(world, netns.id).flatMap(
    (peer) => bestRoute(rowsOf(world, peer.id, "routes"), table, dst) ?? [],
  );
  return [...own, ...peers].flatMap((route): readonly Route[] => {
    const [hop, ...more] = route.nexthops;
    if (route.type !== "unicast" || route.table !== table || route.dst.family !== dst.family) return [];
    if (route.dst.length === 0 || hop === undefined || hop.via === null || hop.dev === null || more.length > 0)
      return [];
    if (ownerOf(world, hop.via) !== null || !isOnLink(netns, hop.via)) return [];
    if (linkOf(world, netns.id, hop.dev) === null) return [];
    return [{ ...route, dst: block, src: null, nexthops: [{ ...hop, flags: lasting(hop) }] }];
  });
}

/** dead and linkdown are states of the peer's own link. */
function lasting(hop: Nexthop): readonly string[] {
  return hop.flags.filter((flag) => flag !== "dead" && flag !== "linkdown");
}

function shapesOf(world: World, host: Netns, table: number, family: 4 | 6): readonly Shape[] {
  return rowsOf(world, host.id, "routes").flatMap((route): readonly Shape[] => {
    const [hop, ...more] = route.nexthops;
    if (route.type !== "unicast" || route.table !== table || route.dst.family !== family) return [];
    if (route.dst.length === 0 || hop === undefined || hop.via === null || more.length > 0) return [];
    const next = ownerOf(world, hop.via);
    if (next === null || next.netns.name !== "host" || next.netns.id === host.id) return [];
    return [{ route, hop, next, direct: isOnLink(host, hop.via) }];
  });
}

/** The block of addresses of which `dst` is one: as other machines route it, else as its own machine holds it. */
function blockOf(world: World, netns: Netns, home: Netns, table: number, dst: Ip): Prefix | null {
  const bits = dst.family === 4 ? 32 : 128;
  for (const host of hostsOf(world)) {
    if (host.id === netns.id || host.id === home.id) continue;
    const best = bestRoute(rowsOf(world, host.id, "routes"), table, dst);
    if (best?.type === "unicast" && best.dst.length > 0 && best.dst.length < bits) return best.dst;
  }
  const held = rowsOf(world, home.id, "routes")
    .filter((r) => r.table === TABLE_MAIN && contains(r.dst, dst) && r.dst.length > 0 && r.dst.length < bits)
    .filter((r) => r.nexthops.every((hop) => hop.via === null))
    .sort((a, b) => b.dst.length - a.dst.length)[0];
  if (held !== undefined) return held.dst;
  return prefixOf(dst.family, dst.value, bits);
}

/** The way out of a pod, or of a machine to where no machine lives: as the peers go, through one's own side of it. */
function fromPeersOutward(world: World, netns: Netns, table: number, dst: Ip): readonly Route[] {
  return peersOf(world, netns.id).flatMap((peer): readonly Route[] => {
    const best = bestRoute(rowsOf(world, peer.id, "routes"), table, dst);
    if (best === null || best.type !== "unicast" || best.protocol === "kernel" || best.nexthops.length !== 1) return [];
    const [hop] = best.nexthops;
    if (hop === undefined || hop.dev === null || !linksOf(netns).some((link) => link.name === hop.dev)) return [];
    const via = hop.via === null ? null : translated(world, hop.via, peer, netns);
    if (hop.via !== null && (via === null || ownerOf(world, via)?.netns.id === netns.id)) return [];
    // A machine's own gateway is of no use where it cannot be reached directly.
    if (netns.name === "host" && via !== null && !isOnLink(netns, via) && !hop.flags.includes("onlink")) return [];
    const flags = via === null || isReached(netns, table, via) ? lasting(hop) : [...lasting(hop), "onlink"];
    return [{ ...best, src: null, nexthops: [{ ...hop, flags: [...new Set(flags)], via }] }];
  });
}

/** Without another hop: else the kernel takes no route by it unless it is told that it is so (fib_check_nh, "Nexthop has invalid gateway"). */
function isReached(netns: Netns, table: number, via: Ip): boolean {
  const way = netns.routes.known ? bestRoute(netns.routes.value, table, via) : null;
  return isOnLink(netns, via) || way?.nexthops.every((hop) => hop.via === null) === true;
}

/** The peer's gateway may be a link of the peer's own machine: then this one's is the link of that name on its own. */
function translated(world: World, via: Ip, peer: Netns, netns: Netns): Ip | null {
  const owner = ownerOf(world, via);
  if (owner === null || netns.name === "host" || owner.netns.id !== hostOf(world, peer)?.id) return via;
  const host = hostOf(world, netns);
  const link = host === null ? null : linkOf(world, host.id, owner.link.name);
  return link === null ? null : (addressOf(link, via.family)?.ip ?? null);
}

/**
 * Share of the peers that do have a route to it, of machines one of its own, of pods the way out will do; and another than the one
 * that is there, for what all have alike is not what is wrong with this one.
 */
function share(
  world: World,
  netns: Netns,
  home: Netns | null,
  read: Extract<Read, { of: "route" }>,
  present: Route | null,
): number {
  const peers = peersOf(world, netns.id).filter((peer) => peer.id !== home?.id && peer.routes.known);
  if (peers.length === 0) return 0.5;
  const routed = peers.filter((peer) => {
    const best = bestRoute(rowsOf(world, peer.id, "routes"), read.table, read.dst);
    const isAlike = netns.name === "host" && present !== null && best !== null && sameWay(best, present);
    return !isAlike && best?.type === "unicast" && (home === null || netns.name !== "host" || best.dst.length > 0);
  });
  return routed.length / peers.length;
}

/** One of each way, whoever installed it. */
function distinct(routes: readonly Route[]): readonly Route[] {
  const kept: Route[] = [];
  for (const route of routes) {
    if (!kept.some((other) => samePlace(route, other) && sameWay(route, other))) kept.push(route);
  }
  return kept;
}
