import { contains } from "../../facts/ip.ts";
import { isVethAway, UPLINK_KINDS } from "../../facts/lookup/links.ts";
import { isUnresolved } from "../../facts/lookup/neighbours.ts";
import { sendsToNextHops } from "../../facts/lookup/routes.ts";
import type { Address, Link, Netns } from "../../facts/netns.ts";
import type { NetnsId } from "../../facts/provenance.ts";
import { linksOf, type Wire, type WireEnd } from "../../facts/world.ts";

/** They have MAC addresses of their own on the segment of the link under them. */
const MAC_KINDS = new Set(["macvlan"]);

interface Candidate {
  readonly netns: NetnsId;
  readonly link: Link;
  readonly addresses: readonly Address[];
}

/** What joins the links of these namespaces: veth pairs of a node's own namespaces, and segments between machines. */
export function findWires(netns: Iterable<Netns>): Wire[] {
  const all = [...netns];
  const pairs = findPairs(all);
  const paired = new Set(pairs.flatMap((pair) => pair.ends.map(endKey)));
  return [...pairs, ...findSegments(all, paired)];
}

/**
 * The two ends of a veth name each other by index (IFLA_LINK). Indexes repeat from namespace to namespace, so a pair must be the
 * only one that fits at both ends, and links of one namespace to the same peer namespace must lead to one.
 */
function findPairs(all: readonly Netns[]): Extract<Wire, { kind: "veth" }>[] {
  const pairs: { host: Candidate; pod: Candidate }[] = [];
  for (const host of all.filter((one) => one.name === "host")) {
    const veths = new Map(
      linksOf(host)
        .filter(isVethAway)
        .map((link) => [link.index, link]),
    );
    for (const pod of all) {
      if (pod.node !== host.node || pod === host) continue;
      for (const link of linksOf(pod).filter(isVethAway)) {
        const peer = link.peerIndex === null ? undefined : veths.get(link.peerIndex);
        if (peer === undefined || peer.peerIndex !== link.index) continue;
        pairs.push({
          host: { netns: host.id, link: peer, addresses: [] },
          pod: { netns: pod.id, link, addresses: [] },
        });
      }
    }
  }
  const claims = countBy(pairs, ({ host }) => endKey(endOf(host)));
  const sound = pairs.filter(({ host }) => claims.get(endKey(endOf(host))) === 1);
  const podsOf = new Map<string, Set<NetnsId>>();
  for (const { host, pod } of sound) {
    const key = `${host.netns} ${JSON.stringify(host.link.peerNetns)}`;
    podsOf.set(key, (podsOf.get(key) ?? new Set()).add(pod.netns));
  }
  return sound
    .filter(({ host }) => podsOf.get(`${host.netns} ${JSON.stringify(host.link.peerNetns)}`)?.size === 1)
    .map(({ host, pod }) => ({ kind: "veth", ends: [endOf(host), endOf(pod)] }));
}

/**
 * Links of different machines with an address in each other's network are taken to be on one segment, and one that has lost its
 * address where a neighbour there still has its MAC.
 */
function findSegments(all: readonly Netns[], paired: ReadonlySet<string>): Wire[] {
  const hosts = all.filter((one) => one.name === "host");
  const candidates = hosts.flatMap((host) => uplinks(host, paired));
  const groups: Candidate[][] = [];
  for (const candidate of candidates) {
    const near = groups.filter((group) => group.some((other) => shareNetwork(candidate, other)));
    const rest = groups.filter((group) => !near.includes(group));
    groups.splice(0, groups.length, ...rest, [...near.flat(), candidate]);
  }
  const groupsOf = groupsByMac(hosts, groups);
  for (const lone of hosts.flatMap((host) => addressless(host, paired))) {
    const [group, ...others] = groupsOf.get(lone.link.mac ?? "") ?? [];
    // The link under a VLAN's device has its MAC as well.
    const isThere = group?.some(({ netns }) => netns === lone.netns) === true;
    if (others.length === 0 && !isThere) group?.push(lone);
  }
  return groups
    .filter((group) => new Set(group.map(({ netns }) => netns)).size > 1)
    .map((group) => ({ kind: "segment", ends: group.map(endOf) }));
}

/** A bridge with an uplink among its ports lends it the bridge's addresses; one with pods alone leads to no other machine. */
function uplinks(host: Netns, paired: ReadonlySet<string>): Candidate[] {
  const links = linksOf(host);
  const candidates: Candidate[] = [];
  for (const link of links) {
    const addresses = link.addresses.filter((address) => address.scope === "global" && address.prefix.length > 0);
    if (addresses.length === 0) continue;
    if (link.kind === "bridge") {
      for (const port of portsAway(host, link, paired)) candidates.push({ netns: host.id, link: port, addresses });
    } else if (UPLINK_KINDS.has(link.kind) && !paired.has(endKey({ netns: host.id, link: link.name }))) {
      candidates.push({ netns: host.id, link, addresses });
      // The link under it is on the same segment, and answers for its node's addresses as well (arp_ignore 0).
      const under = MAC_KINDS.has(link.kind) ? links.find((l) => l.name === link.lower) : undefined;
      if (under !== undefined && under.addresses.length === 0 && under.master === null) {
        candidates.push({ netns: host.id, link: under, addresses });
      }
    }
  }
  return candidates;
}

function addressless(host: Netns, paired: ReadonlySet<string>): Candidate[] {
  return linksOf(host)
    .filter(
      ({ kind, addresses, master }) =>
        UPLINK_KINDS.has(kind) && master === null && addresses.every(({ scope }) => scope === "link"),
    )
    .filter(({ name, mac }) => mac !== null && !paired.has(endKey({ netns: host.id, link: name })))
    .map((link) => ({ netns: host.id, link, addresses: [] }));
}

/** On which segments a MAC is, by the neighbours of those on them. */
function groupsByMac(hosts: readonly Netns[], groups: readonly Candidate[][]): ReadonlyMap<string, Set<Candidate[]>> {
  const byId = new Map(hosts.map((host) => [host.id, host]));
  const found = new Map<string, Set<Candidate[]>>();
  for (const group of groups) {
    for (const { netns, link } of group) {
      const neighbours = byId.get(netns)?.neighbours;
      for (const entry of neighbours?.known === true ? neighbours.value : []) {
        if (entry.dev !== link.name || entry.mac === null || isUnresolved(entry)) continue;
        found.set(entry.mac, (found.get(entry.mac) ?? new Set()).add(group));
      }
    }
  }
  return found;
}

/** A veth is a pod's as a rule: one alone that leads to none, of a bridge by which the node sends to routers, is its uplink. */
function portsAway(host: Netns, { name: bridge }: Link, paired: ReadonlySet<string>): readonly Link[] {
  const ports = linksOf(host).filter((port) => port.master === bridge && UPLINK_KINDS.has(port.kind));
  const away = ports.filter((port) => port.kind !== "veth");
  const isRouted = host.routes.known && sendsToNextHops(host.routes.value, bridge);
  if (away.length > 0 || !isRouted) return away;
  const open = ports.filter((port) => !paired.has(endKey({ netns: host.id, link: port.name })));
  return open.length === 1 ? open : [];
}

function shareNetwork(a: Candidate, b: Candidate): boolean {
  return a.addresses.some((one) =>
    b.addresses.some((other) => contains(one.prefix, other.ip) && contains(other.prefix, one.ip)),
  );
}

function endOf({ netns, link }: Candidate): WireEnd {
  return { netns, link: link.name };
}

function endKey(end: WireEnd): string {
  return `${end.netns} ${end.link}`;
}

function countBy<T>(items: readonly T[], key: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return counts;
}
