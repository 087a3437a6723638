import { contains, type Ip, sameIp } from "../../../facts/ip.ts";
import { linkNamed, UPLINK_KINDS } from "../../../facts/lookup/links.ts";
import { isLocalAddress } from "../../../facts/lookup/routes.ts";
import { wiresAt } from "../../../facts/lookup/wires.ts";
import type { Link, Netns } from "../../../facts/netns.ts";
import { phrase } from "../../../facts/phrase.ts";
import { netnsId } from "../../../facts/provenance.ts";
import { linksOf, type WireEnd, type World } from "../../../facts/world.ts";
import { outerIp } from "../packet.ts";
import { withFrame } from "../packet-parts.ts";
import type { Read } from "../reads.ts";
import type { Move, Traveller } from "../traveller.ts";

/**
 * Where a packet comes in again that leaves a machine for a router that was not collected. Routers take what is addressed to
 * the machine's own place among them there; what lies behind it (pods, the ends of tunnels) only where the sender has a route
 * that says so: by its default route it sends what it knows nothing of, and a router knows no more. Null: only the fabric knows.
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
  const doors = doorsOf(world, machine);
  const own = doors.filter((l) => l.addresses.some((a) => sameIp(a.ip, dst)));
  if (own.length === 0 && !isRoutedOnPurpose(from, link, dst, via)) return null;
  const [door, ...others] = own.length > 0 ? own : doors;
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

/** By a route of its own, not by the one for all that is not known. */
function isRoutedOnPurpose(from: Netns, link: Link, dst: Ip, via: Ip): boolean {
  if (!from.routes.known) return false;
  return from.routes.value.some(
    (r) =>
      r.dst.length > 0 &&
      contains(r.dst, dst) &&
      r.nexthops.some((hop) => hop.dev === link.name && sameIp(hop.via, via)),
  );
}

/** Links by which a machine itself sends to routers: by the same ones routers send to it. */
function doorsOf(world: World, machine: Netns): readonly Link[] {
  if (!machine.routes.known) return [];
  const routes = machine.routes.value;
  return linksOf(machine).filter(
    (l) =>
      (UPLINK_KINDS.has(l.kind) || l.kind === "bridge") &&
      routes.some((r) => r.nexthops.some((hop) => hop.dev === l.name && hop.via !== null)) &&
      l.addresses.some((a) => a.scope === "global") &&
      !wiresAt(world.wires, machine.id, l.name).some((w) => w.kind === "veth"),
  );
}
