import { contains, type Ip, sameIp } from "../../../facts/ip.ts";
import { linkNamed, UPLINK_KINDS } from "../../../facts/lookup/links.ts";
import { isLocalAddress, routesCovering, sendsToNextHops, TABLE_MAIN } from "../../../facts/lookup/routes.ts";
import { wiresAt } from "../../../facts/lookup/wires.ts";
import type { Link, Netns, Nexthop } from "../../../facts/netns.ts";
import { phrase } from "../../../facts/phrase.ts";
import { netnsId, netnsNameOf } from "../../../facts/provenance.ts";
import { linksOf, type WireEnd, type World } from "../../../facts/world.ts";
import { outerIp } from "../packet.ts";
import { withFrame } from "../packet-parts.ts";
import type { Read } from "../reads.ts";
import type { Move, Traveller } from "../traveller.ts";

/**
 * Where a packet comes in again that leaves a machine for a router that was not collected. What lies behind a machine (pods, the ends
 * of tunnels) a router knows only where the sender has a route that says so: by its default route it sends what it knows nothing of,
 * and a router knows no more. Where the machine on the other side has another way back, that route may be the fault. Null: only the
 * fabric knows.
 */
export function comesInAt(traveller: Traveller, from: Netns, link: Link): WireEnd | null {
  const { world } = traveller;
  const { dst } = outerIp(traveller.packet);
  const owners = [...world.netns.values()].filter((n) => n.routes.known && isLocalAddress(n.routes.value, dst));
  const [owner] = owners;
  if (owner === undefined || owners.length > 1 || owner.node === from.node) return null;
  const machine = world.netns.get(netnsId(owner.node, "host"));
  const via = traveller.resolvedBy?.ip ?? null;
  if (machine === undefined || via === null || !isStranger(world, link, via)) return null;
  const uplinks = uplinksOf(world, machine);
  const own = uplinks.filter((l) => l.addresses.some((a) => sameIp(a.ip, dst)));
  const departure = { from, link, via };
  if (own.length === 0 && !isRoutedOnPurpose(departure, dst)) return null;
  if (isReachedOtherwise(world, departure, machine, dst, own.length > 0)) return null;
  // By the links by which it sends to routers itself they send to it.
  const [door, ...others] =
    own.length > 0 ? own : uplinks.filter((l) => machine.routes.known && sendsToNextHops(machine.routes.value, l.name));
  return door === undefined || others.length > 0 ? null : { netns: machine.id, link: door.name };
}

/** Past routers that nobody looked into: mark and conntrack stay behind, and the frame is another. */
export function acrossRouters(traveller: Traveller, from: Netns, link: Link, end: WireEnd): readonly Move[] {
  const read: Read = { of: "link", netns: end.netns, name: end.link };
  traveller.ask({ of: "wire", netns: from.id, link: link.name });
  traveller.ask(read);
  const door = linkNamed(linksOf(traveller.world.netns.get(end.netns)), end.link);
  if (door?.up !== true) {
    const why = phrase("far-link-down", { netns: end.netns, link: end.link });
    return traveller.unknown(from.id, link.name, { why, because: door?.because ?? null }, [read]);
  }
  traveller.step("wire", from.id, link.name, phrase("routed-to", { netns: end.netns, link: end.link }), door.because);
  traveller.forgetConnection();
  traveller.packet = withFrame({ ...traveller.packet, mark: 0 }, null, door.mac);
  return traveller.go({ at: "receive", netns: end.netns, link: end.link });
}

/**
 * By ARP an address was found to be at the MAC address of a router that was not collected: the fabric answers for all (proxy ARP between
 * isolated ports, a cloud's virtual network), and its machines are reached by it. What somebody has set for good was not found so.
 */
export function isAnsweredByRouter(world: World, netns: Netns, link: Link, ip: Ip): boolean {
  if (!netns.routes.known || !netns.neighbours.known) return false;
  const ofLink = netns.neighbours.value.filter((n) => n.dev === link.name && !n.proxy);
  const entry = ofLink.find((n) => sameIp(n.ip, ip));
  if (entry === undefined || entry.mac === null || entry.state === "PERMANENT") return false;
  const mac = entry.mac.toLowerCase();
  const routers = netns.routes.value
    .flatMap((r) => r.nexthops)
    .flatMap((hop) => (hop.dev === link.name && hop.via !== null && isStranger(world, link, hop.via) ? [hop.via] : []));
  return ofLink.some((n) => n.mac?.toLowerCase() === mac && routers.some((via) => sameIp(via, n.ip)));
}

/** A next hop on this link that is none of the machines that were collected. */
function isStranger(world: World, link: Link, via: Ip): boolean {
  return (
    link.addresses.some((a) => contains(a.prefix, via)) &&
    ![...world.netns.values()].some((n) => n.routes.known && isLocalAddress(n.routes.value, via))
  );
}

interface Departure {
  readonly from: Netns;
  readonly link: Link;
  readonly via: Ip;
}

/**
 * Past that router there is another way: the machine has one back to the sender's link, or to what is behind the sender. Where nothing
 * is, machines that stand beside the same router tell, by their way to the destination.
 */
function isReachedOtherwise(world: World, departure: Departure, machine: Netns, dst: Ip, isOwn: boolean): boolean {
  const { from, link, via } = departure;
  const all = [...world.netns.values()];
  const links = isOwn ? [link] : all.filter((n) => n.node === from.node).flatMap(linksOf);
  const back = links
    .filter((l) => isOwn || l !== link)
    .flatMap((l) => l.addresses.flatMap((a) => (a.scope === "global" ? [a.ip] : [])));
  if (back.length > 0) return back.some((ip) => goesOtherwise(world, machine, ip, via, isOwn));
  return all.some(
    (n) =>
      netnsNameOf(n.id) === "host" &&
      n.node !== from.node &&
      n !== machine &&
      isBeside(n, via) &&
      goesOtherwise(world, n, dst, via, isOwn),
  );
}

/** By a route of its own that leads to no such router; beside that one, to no other. That it is itself in a network of pods tells nothing. */
function goesOtherwise(world: World, by: Netns, to: Ip, via: Ip, isOwn: boolean): boolean {
  const best = by.routes.known ? routesCovering(by.routes.value, TABLE_MAIN, to)[0] : undefined;
  if (best === undefined || best.dst.length === 0) return false;
  if (!isOwn && best.nexthops.every((hop) => hop.via === null)) return false;
  return !best.nexthops.some(
    (hop) => isToRouter(world, by, hop) && (isOwn || !isBeside(by, via) || sameIp(hop.via, via)),
  );
}

function isBeside(machine: Netns, via: Ip): boolean {
  return linksOf(machine).some((l) => l.addresses.some((a) => contains(a.prefix, via)));
}

/** By a route of its own, not by the one for all that is not known. */
function isRoutedOnPurpose({ from, link, via }: Departure, dst: Ip): boolean {
  if (!from.routes.known) return false;
  return from.routes.value.some(
    (r) =>
      r.dst.length > 0 &&
      contains(r.dst, dst) &&
      r.nexthops.some((hop) => hop.dev === link.name && sameIp(hop.via, via)),
  );
}

function isToRouter(world: World, from: Netns, { dev, via }: Nexthop): boolean {
  const link = dev === null ? null : linkNamed(linksOf(from), dev);
  return link !== null && via !== null && isStranger(world, link, via);
}

/** Links that lead away from a machine. */
function uplinksOf(world: World, machine: Netns): readonly Link[] {
  return linksOf(machine).filter(
    (l) =>
      (UPLINK_KINDS.has(l.kind) || l.kind === "bridge") &&
      l.addresses.some((a) => a.scope === "global") &&
      !wiresAt(world.wires, machine.id, l.name).some((w) => w.kind === "veth"),
  );
}
