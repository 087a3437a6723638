import { contains, type Ip, type Prefix, prefixOf, sameIp } from "../../../facts/ip.ts";
import { TABLE_LOCAL, TABLE_MAIN } from "../../../facts/lookup/routes.ts";
import type { Address, Link, Netns, Route } from "../../../facts/netns.ts";
import type { NetnsId } from "../../../facts/provenance.ts";
import { linksOf, netnsWith, type WireEnd, type World } from "../../../facts/world.ts";
import type { Read } from "../reads.ts";
import { connectedRoutes } from "./connected-routes.ts";
import type { EditOf } from "./edit.ts";
import type { EditMeaning, Proposal } from "./edit-meaning.ts";
import { addressOf, linkOf, otherEnd, ownerOf } from "./owners.ts";
import { departure, hostsOf, mostCommon, peersOf } from "./peers.ts";
import { replaceTable, rowsOf } from "./replace-table.ts";
import { samePlace } from "./route-lookup.ts";
import { changeLink } from "./set-link-up.ts";

type AddAddress = EditOf<"add-address">;

export const addAddress: EditMeaning<AddAddress> = {
  cost: 1,
  touches(edit, read) {
    // Whoever asks for its MAC address may be anywhere.
    if (read.of === "neighbour" || read.of === "wire") return true;
    if (!("netns" in read) || read.netns !== edit.netns) return false;
    return read.of === "local-address" || read.of === "route" || (read.of === "link" && read.name === edit.link);
  },
  apply(world, { netns, link: name, address }) {
    const link = linkOf(world, netns, name);
    if (link === null || has(link, address.ip)) return world;
    const addressed = changeLink(world, netns, name, (l) => ({ ...l, addresses: [...l.addresses, address] }));
    const next = { ...addressed, wires: joined(addressed, { netns, link: name }, address.ip) };
    if (!link.up) return next;
    return replaceTable(next, netns, "routes", (routes) => {
      const made = [localRoute(link, address), ...connectedRoutes({ ...link, addresses: [address] })];
      return [...routes, ...made.filter((route) => !routes.some((r) => samePlace(r, route)))];
    });
  },
  propose: (world, read) => [
    ...proposeGateway(world, read),
    ...proposeOfMachine(world, read),
    ...proposeGiven(world, read),
  ],
  object: (edit) => `address ${textOf(edit.address)} dev ${edit.link}`,
  found(world, edit) {
    const link = linkOf(world, edit.netns, edit.link);
    return link !== null && has(link, edit.address.ip) ? textOf(edit.address) : null;
  },
  wanted: (edit) => textOf(edit.address),
};

/** `10.42.1.1/24`, as `ip addr` takes it. */
export function textOf({ ip, prefix }: Address): string {
  return `${ip.text}/${prefix.length}`;
}

/** With its address a link is known to be on the segment of that subnet again: nothing else tells of a fabric. */
function joined({ wires, ...world }: World, end: WireEnd, ip: Ip): World["wires"] {
  const isEnd = (other: WireEnd): boolean => other.netns === end.netns && other.link === end.link;
  if (wires.some(({ ends }) => ends.some(isEnd))) return wires;
  const isOfSubnet = ({ netns, link }: WireEnd): boolean =>
    linksOf(world.netns.get(netns)).some(
      (l) => l.name === link && l.addresses.some(({ prefix }) => contains(prefix, ip)),
    );
  return wires.map((wire) =>
    wire.kind === "segment" && wire.ends.some(isOfSubnet) ? { ...wire, ends: [...wire.ends, end] } : wire,
  );
}

function has(link: Link, ip: Ip): boolean {
  return link.addresses.some((own) => own.ip.text === ip.text);
}

/** What fib_add_ifaddr makes in the local table. */
function localRoute(link: Link, { ip, because }: Address): Route {
  return {
    type: "local",
    dst: prefixOf(ip.family, ip.value, ip.family === 4 ? 32 : 128),
    table: TABLE_LOCAL,
    metric: 0,
    tos: 0,
    scope: "host",
    protocol: "kernel",
    src: ip.family === 4 ? ip : null,
    nexthops: [{ via: null, dev: link.name, weight: 1, flags: [], encap: null }],
    mtu: null,
    because,
  };
}

/** The address that a pod sends by, where its node has none such and the pod's link is a port of a bridge: it is that bridge's. */
function proposeGateway(world: World, read: Read): readonly Proposal<AddAddress>[] {
  return podsAskedFor(world, read).flatMap((pod): readonly Proposal<AddAddress>[] => {
    const gateway = gatewayOf(world, pod.netns, pod.link);
    const port = otherEnd(world, pod.netns, pod.link.name);
    const master = port === null ? null : (linkOf(world, port.netns, port.link)?.master ?? null);
    const bridge = port === null || master === null ? null : linkOf(world, port.netns, master);
    if (gateway === null || port === null || bridge === null || bridge.kind !== "bridge") return [];
    const { via, subnet } = gateway;
    // A bridge with an address of that subnet has lost none: then it is the pod that sends by a wrong one.
    const isThere = (link: Link): boolean =>
      has(link, via) || (link.name === bridge.name && link.addresses.some(({ ip }) => contains(subnet, ip)));
    if (rowsOf(world, port.netns, "links").some(isThere)) return [];
    const address: Address = { ip: via, prefix: subnet, scope: "global", secondary: false, because: bridge.because };
    const edit: AddAddress = { do: "add-address", netns: port.netns, link: bridge.name, address };
    const elsewhere = addressesElsewhere(world, port.netns, bridge, via.family);
    return [{ edit, kind: "cure", departure: departure(null, elsewhere) }];
  });
}

/**
 * The address that a machine's own tunnel sends from, or by which the API knows it, where nobody has it: its link has lost it, or
 * has got another.
 */
function proposeOfMachine(world: World, read: Read): readonly Proposal<AddAddress>[] {
  const ip = addressIn(read);
  if (ip === null) return [];
  const hosts = hostsOf(world);
  const subnet = hosts
    .flatMap((host) => linksOf(host).flatMap((link) => link.addresses.map(({ prefix }) => prefix)))
    .find((prefix) => prefix.length < (ip.family === 4 ? 32 : 128) && contains(prefix, ip));
  if (subnet === undefined || hosts.some((host) => linksOf(host).some((link) => has(link, ip)))) return [];
  return hosts.flatMap((host): readonly Proposal<AddAddress>[] => {
    const link = linkBelowTunnel(world, host, ip) ?? linkToOthers(world, host, ip);
    if (link === null || isElsewhere(link, subnet) || isTaken(world, link, ip)) return [];
    const address: Address = { ip, prefix: subnet, scope: "global", secondary: false, because: link.because };
    const edit: AddAddress = { do: "add-address", netns: host.id, link: link.name, address };
    return [{ edit, kind: "cure", departure: departure(null, addressesElsewhere(world, host.id, link, ip.family)) }];
  });
}

/** By which a tunnel of this machine that sends from this address goes out. */
function linkBelowTunnel(world: World, host: Netns, ip: Ip): Link | null {
  const end = linksOf(host)
    .map((link) => link.vxlan ?? link.tunnel)
    .find((tunnel) => tunnel?.local?.text === ip.text);
  return end?.dev == null ? null : linkOf(world, host.id, end.dev);
}

/** Of a machine that this address was given to: the link that has such an address on most of the others. */
function linkToOthers(world: World, host: Netns, ip: Ip): Link | null {
  if (!host.given.some((own) => sameIp(own, ip))) return null;
  const alike = peersOf(world, host.id).flatMap((peer) =>
    linksOf(peer).flatMap((link) =>
      link.addresses.some((a) => a.ip.family === ip.family && peer.given.some((own) => sameIp(own, a.ip)))
        ? link.name
        : [],
    ),
  );
  const name = mostCommon(alike);
  return name === null ? null : linkOf(world, host.id, name);
}

/** A link that has an address, and none in this subnet, is on another wire by now. */
function isElsewhere({ addresses }: Link, subnet: Prefix): boolean {
  const own = addresses.filter(({ ip, scope }) => ip.family === subnet.family && scope !== "link");
  return own.length > 0 && !own.some(({ ip }) => contains(subnet, ip));
}

/** Somebody else has answered for it: a lease that was given to another machine. */
function isTaken(world: World, { mac }: Link, ip: Ip): boolean {
  return hostsOf(world).some(
    ({ neighbours }) =>
      neighbours.known && neighbours.value.some((n) => sameIp(n.ip, ip) && n.mac !== null && n.mac !== mac),
  );
}

/** The address that a pod was given, where it is asked for or asks and nobody has it: that of its link, as wide as other pods'. */
function proposeGiven(world: World, read: Read): readonly Proposal<AddAddress>[] {
  const asked = addressIn(read);
  if (asked === null) return [];
  return [...world.netns.values()].flatMap((pod) =>
    (pod.name === "host" ? [] : pod.given)
      .filter((ip) => sameIp(ip, asked) || ("netns" in read && read.netns === pod.id && ip.family === asked.family))
      .flatMap((ip): readonly Proposal<AddAddress>[] => {
        const [link, ...others] = linksOf(pod).filter((l) => l.kind !== "loopback" && addressOf(l, ip.family) === null);
        if (link === undefined || others.length > 0 || netnsWith(world, ip).length > 0) return [];
        const length = usualLength(world, pod, link, ip);
        if (length === null) return [];
        const subnet = prefixOf(ip.family, ip.value, length);
        const address: Address = { ip, prefix: subnet, scope: "global", secondary: false, because: link.because };
        const edit: AddAddress = { do: "add-address", netns: pod.id, link: link.name, address };
        return [{ edit, kind: "cure", departure: departure(null, addressesElsewhere(world, pod.id, link, ip.family)) }];
      }),
  );
}

/** Of the addresses on such a link of other pods, those of the same node before all others; null where there is none to tell. */
function usualLength(world: World, pod: Netns, { name }: Link, { family }: Ip): number | null {
  const lengths = (pods: readonly Netns[]): readonly number[] =>
    pods
      .flatMap((n) => linkOf(world, n.id, name)?.addresses ?? [])
      .flatMap((a) => (a.ip.family === family && a.scope !== "link" ? a.prefix.length : []));
  const peers = peersOf(world, pod.id);
  return mostCommon(lengths(peers.filter((n) => n.node === pod.node))) ?? mostCommon(lengths(peers));
}

/** Whether the peers' links of that name have an address. */
function addressesElsewhere(world: World, id: NetnsId, { name }: Link, family: 4 | 6): readonly (string | null)[] {
  return peersOf(world, id).flatMap((peer) => {
    const alike = linksOf(peer).find((link) => link.name === name);
    return alike === undefined ? [] : [addressOf(alike, family) === null ? null : "an address"];
  });
}

function addressIn(read: Read): Ip | null {
  if (read.of === "route") return read.dst;
  return read.of === "neighbour" || read.of === "local-address" ? read.ip : null;
}

interface PodLink {
  readonly netns: NetnsId;
  readonly link: Link;
}

/** The pod that asks for its next hop, and the one that an address is of. */
function podsAskedFor(world: World, read: Read): readonly PodLink[] {
  const ip = addressIn(read);
  const owner = ip === null ? null : ownerOf(world, ip);
  const asking = read.of === "neighbour" ? linkOf(world, read.netns, read.dev) : null;
  return [
    ...(read.of === "neighbour" && asking !== null ? [{ netns: read.netns, link: asking }] : []),
    ...(owner === null ? [] : [{ netns: owner.netns.id, link: owner.link }]),
  ];
}

/** Of the pod's default route by that link, where it lies in a subnet of the link's own. */
function gatewayOf(world: World, netns: NetnsId, link: Link): { via: Ip; subnet: Address["prefix"] } | null {
  for (const route of rowsOf(world, netns, "routes")) {
    if (route.table !== TABLE_MAIN || route.dst.length !== 0) continue;
    const via = route.nexthops.find((hop) => hop.dev === link.name)?.via ?? null;
    const own = via === null ? undefined : link.addresses.find(({ prefix }) => contains(prefix, via));
    if (via !== null && own !== undefined && own.prefix.length < (via.family === 4 ? 32 : 128))
      return { via, subnet: own.prefix };
  }
  return null;
}
