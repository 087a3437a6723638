import type { Netns } from "../../../facts/netns.ts";
import type { World } from "../../../facts/world.ts";
import { netnsNameOf } from "../../../facts/provenance.ts";
import { CONNTRACK_MAX } from "../conntrack-table.ts";
import type { Read } from "../reads.ts";
import type { EditOf } from "./edit.ts";
import type { Context, Proposal } from "./edit-meaning.ts";
import { departure, mostCommon, peersOf, stemOf } from "./peers.ts";
import { proposeRoutes } from "./route-proposals.ts";
import { type ConfKey, confKey, parseConfKey, sysctlRow, withoutAlias } from "./sysctl-keys.ts";

type Proposed = Proposal<EditOf<"set-sysctl">>;

/**
 * Values under which the kernel lets pass what another value stops; used where no peer says better. Those of the first kind are
 * what a node of a cluster has, those of the second a way around.
 */
const PERMISSIVE: Readonly<Record<string, { readonly value: string; readonly kind: "cure" | "bypass" }>> = {
  proxy_arp: { value: "1", kind: "cure" },
  proxy_ndp: { value: "1", kind: "cure" },
  disable_ipv6: { value: "0", kind: "cure" },
  arp_ignore: { value: "0", kind: "cure" },
  icmp_echo_ignore_all: { value: "0", kind: "cure" },
  "bridge-nf-call-iptables": { value: "1", kind: "cure" },
  "bridge-nf-call-ip6tables": { value: "1", kind: "cure" },
  route_localnet: { value: "1", kind: "bypass" },
  accept_local: { value: "1", kind: "bypass" },
  force_forwarding: { value: "1", kind: "bypass" },
  ip_nonlocal_bind: { value: "1", kind: "bypass" },
};

/** @see EditMeaning.propose */
export function proposeSysctls(world: World, read: Read, context: Context): readonly Proposed[] {
  if (read.of !== "sysctl") return [];
  const netns = world.netns.get(read.netns);
  const present = sysctlRow(netns, read.key);
  if (netns === undefined || present === null) return [];
  const key = parseConfKey(read.key);
  if (key?.leaf === "forwarding") return forwarding(world, netns, key, present.value);
  if (key?.leaf === "rp_filter") return reversePath(world, netns, key, present.value, context);
  const peers = peerValues(world, netns, read.key);
  const usual = mostCommon(peers);
  const departs = departure(present.value, peers);
  if (read.key === CONNTRACK_MAX) {
    // Written on the node alone: in a pod's netns it is shown, and may not be (nf_conntrack_standalone.c).
    const isOwn = context.decided && netnsNameOf(netns.id) === "host";
    const wider = Math.max(Number(usual ?? 0), 2 * Number(present.value));
    return isOwn ? [propose(netns, read.key, String(wider), "cure", departs)] : [];
  }
  if (usual !== null) {
    return usual === present.value ? [] : [propose(netns, read.key, usual, "cure", departs)];
  }
  const leaf = key?.leaf ?? read.key.slice(read.key.lastIndexOf(".") + 1);
  const permissive = PERMISSIVE[leaf];
  if (!context.decided || permissive === undefined || permissive.value === present.value) return [];
  return [propose(netns, read.key, permissive.value, permissive.kind, departs)];
}

function forwarding(world: World, netns: Netns, key: ConfKey, present: string): readonly Proposed[] {
  if (present !== "0") return [];
  const all = confKey({ ...key, link: "all" });
  const switchKey = key.family === "ipv4" ? "net.ipv4.ip_forward" : all;
  const routes = sysctlRow(netns, all)?.value;
  const departs = (of: string) => departure("0", peerValues(world, netns, of));
  // ip6_forward looks at `all` alone.
  if (key.link === "all" || key.family === "ipv6") return [propose(netns, switchKey, "1", "cure", departs(switchKey))];
  const own = confKey(key);
  // The node's switch is off: an interface's own flag would heal one direction and leave the departure where it is.
  if (routes === "0") {
    return [
      propose(netns, switchKey, "1", "cure", departs(switchKey)),
      propose(netns, own, "1", "bypass", departs(own)),
    ];
  }
  return [propose(netns, own, "1", "cure", departs(own))];
}

/**
 * Effective is the greater of `all` and the interface's own (IN_DEV_RPFILTER); 1 is strict, 2 loose. A filter that peers do not
 * have is a departure; where the way back is not the one that the cluster's pattern gives it does what it is there for, and
 * without it packets pass in spite of that.
 */
function reversePath(world: World, netns: Netns, key: ConfKey, present: string, context: Context): readonly Proposed[] {
  if (!context.decided || present === "0") return [];
  const own = confKey(key);
  const peers = peerValues(world, netns, own);
  const usual = mostCommon(peers);
  const departs = departure(present, peers);
  if (usual !== null && usual !== present) {
    const kind = leadsAstray(world, context) ? "bypass" : "cure";
    return [propose(netns, own, usual, kind, departs)];
  }
  const proposals = [propose(netns, own, "0", "bypass", departs)];
  if (present === "1" && key.link !== "all") proposals.push(propose(netns, own, "2", "bypass", departs));
  return proposals;
}

/** The way back, by which the filter judged, is missing or another than it ought to be. */
function leadsAstray(world: World, { branch }: Context): boolean {
  return branch.decidedBy.some((read) => proposeRoutes(world, read).length > 0);
}

/** What the peers have for a key: for an interface that they lack, what their interfaces of the same make have. */
export function peerValues(world: World, netns: Netns, key: string): readonly string[] {
  const peers = peersOf(world, netns.id);
  const same = peers.flatMap((peer) => sysctlRow(peer, key)?.value ?? []);
  if (same.length > 0) return same;
  const conf = parseConfKey(key);
  if (conf === null || conf.link === "all" || conf.link === "default") return [];
  const stem = stemOf(conf.link);
  return peers.flatMap((peer) => {
    if (!peer.sysctls.known) return [];
    const values = peer.sysctls.value.flatMap((row) => {
      const other = parseConfKey(row.key);
      const alike = other?.family === conf.family && other.leaf === conf.leaf && stemOf(other.link) === stem;
      return alike ? [row.value] : [];
    });
    return mostCommon(values) ?? [];
  });
}

function propose(netns: Netns, key: string, value: string, kind: "cure" | "bypass", departs: number): Proposed {
  const named = withoutAlias(key) === "net.ipv4.conf.all.forwarding" ? "net.ipv4.ip_forward" : key;
  return { edit: { do: "set-sysctl", netns: netns.id, key: named, value }, kind, departure: departs };
}
