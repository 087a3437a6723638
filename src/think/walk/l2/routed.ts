import { contains, type Ip, sameIp } from "../../../facts/ip.ts";
import { linkNamed, UPLINK_KINDS } from "../../../facts/lookup/links.ts";
import { isLocalAddress, routesCovering, TABLE_MAIN } from "../../../facts/lookup/routes.ts";
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
  if (isReachedOtherwise(world, departure, machine, own.length > 0)) return null;
  const [door, ...others] = own.length > 0 ? own : uplinks.filter((l) => sendsToRouters(machine, l));
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

/** The machine has a way of its own, past that router, to what the packet comes from: the sender's link, or the pods on its node. */
function isReachedOtherwise(world: World, { from, link, via }: Departure, machine: Netns, isOwn: boolean): boolean {
  if (!machine.routes.known) return false;
  const { value: routes } = machine.routes;
  const isBeside = linksOf(machine).some((l) => l.addresses.some((a) => contains(a.prefix, via)));
  const pods = [...world.netns.values()].filter((n) => n.node === from.node && netnsNameOf(n.id) !== "host");
  const senders = isOwn ? link.addresses : pods.flatMap(linksOf).flatMap((l) => l.addresses);
  return senders.some(({ ip, scope }) => {
    const best = scope === "global" ? routesCovering(routes, TABLE_MAIN, ip)[0] : undefined;
    if (best === undefined || best.dst.length === 0) return false;
    return !best.nexthops.some(
      (hop) => isToRouter(world, machine, hop) && (isOwn || !isBeside || sameIp(hop.via, via)),
    );
  });
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

/** By the links by which a machine itself sends to routers they send to it. */
function sendsToRouters({ routes }: Netns, { name }: Link): boolean {
  return routes.known && routes.value.some((r) => r.nexthops.some((hop) => hop.dev === name && hop.via !== null));
}
