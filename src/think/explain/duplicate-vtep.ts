import { remotesOf } from "../../facts/lookup/fdb.ts";
import { isLocalAddress } from "../../facts/lookup/routes.ts";
import { type Ip, sameIp } from "../../facts/ip.ts";
import type { Link } from "../../facts/netns.ts";
import { netnsNameOf, nodeOf } from "../../facts/provenance.ts";
import { linksOf, type World } from "../../facts/world.ts";
import type { Branch } from "../walk/branch.ts";
import { hostsOf } from "../walk/edits/peers.ts";
import { outerIp } from "../walk/packet.ts";
import { frameOf } from "../walk/packet-parts.ts";
import type { NamedCause } from "./explain.ts";
import type { Suspect } from "./suspect.ts";

interface Shared {
  readonly object: string;
  /** The machines that have it, and by which link. */
  readonly holders: readonly { readonly node: string; readonly dev: string }[];
  readonly params: Readonly<Record<string, string>>;
}

/**
 * The VXLAN devices of two machines have one MAC address: what one sends the other takes for its own that came back, and drops
 * (vxlan_set_mac in drivers/net/vxlan/vxlan_core.c).
 */
export function duplicateMac(suspect: Suspect, world: World, kernelDissents: boolean): readonly NamedCause[] {
  const at = suspect.predicted?.at;
  if (at?.end !== "WRONG_MAC" || netnsNameOf(at.netns) !== "host") return [];
  const link = linksOf(world.netns.get(at.netns)).find((l) => l.name === at.link);
  const last = at.steps.at(-1)?.packet;
  if (link?.vxlan == null || link.mac === null || last === undefined || frameOf(last)?.src !== link.mac) return [];
  const holders = hostsOf(world).flatMap((host) => {
    const twin = linksOf(host).find((other) => isTwin(other, link));
    return twin === undefined ? [] : [{ node: host.node, dev: twin.name }];
  });
  const params = { mac: link.mac, met: nodeOf(at.netns) };
  return told("duplicate-vtep-mac", { object: `MAC address ${link.mac}`, holders, params }, suspect, kernelDissents);
}

function isTwin(other: Link, link: Link): boolean {
  return other.vxlan !== null && other.vxlan.vni === link.vxlan?.vni && other.mac === link.mac;
}

/**
 * A tunnel's end has an address that the other end's machine has as well (`10.0.2.15`, which VirtualBox gives to the first link of
 * every VM). What is sent there comes back by the sender's own device (encap_bypass_if_local); what is sent from there is to the
 * receiver a packet of its own that came by a wire (ip_route_input_slow: martian source).
 */
export function duplicateVtep(suspect: Suspect, world: World, kernelDissents: boolean): readonly NamedCause[] {
  const at = suspect.predicted?.at;
  const end = at === undefined ? null : (ownRemote(world, at) ?? ownSource(at));
  if (at === undefined || end === null) return [];
  const holders = hostsOf(world).flatMap((host) => {
    const link = linksOf(host).find((l) => l.addresses.some((a) => sameIp(a.ip, end)));
    return link === undefined ? [] : [{ node: host.node, dev: link.name }];
  });
  const params = { address: end.text, met: nodeOf(at.netns) };
  return told("duplicate-vtep-address", { object: `address ${end.text}`, holders, params }, suspect, kernelDissents);
}

/** Where the last tunnel's FDB entry leads to the machine itself. */
function ownRemote(world: World, { netns, reads }: Branch): Ip | null {
  const host = world.netns.get(netns);
  if (host?.fdb.known !== true || !host.routes.known) return null;
  const asked = reads.findLast((read) => read.of === "fdb" && read.netns === netns);
  if (asked?.of !== "fdb" || linksOf(host).find((l) => l.name === asked.dev)?.vxlan == null) return null;
  const remote = remotesOf(host.fdb.value, asked.dev, asked.mac)[0]?.dst ?? null;
  return remote !== null && isLocalAddress(host.routes.value, remote) ? remote : null;
}

/** Of a tunnel's packet that came from outside, where it is the receiver's own. */
function ownSource({ end, steps }: Branch): Ip | null {
  const last = steps.at(-1)?.packet;
  const isTunnelled = last !== undefined && last.headers.filter((h) => h.kind === "ip").length > 1;
  return end === "MARTIAN_SOURCE" && isTunnelled ? outerIp(last).src : null;
}

function told(
  id: string,
  { object, holders, params }: Shared,
  suspect: Suspect,
  kernelDissents: boolean,
): readonly NamedCause[] {
  if (holders.length < 2) return [];
  const { attempts, failed, witness, tried } = suspect;
  const found = holders.map(({ node, dev }) => `${node} (${dev})`).join(", ");
  const isMet = witness === "agree" && failed > 0 && attempts === failed;
  const isUntried = tried.tries.length === 0;
  return [
    {
      id,
      node: null,
      netns: null,
      object,
      found,
      wanted: null,
      params: { object, found, ...params },
      confidence: kernelDissents || !(isMet || isUntried) ? "suspected" : isMet ? "confirmed" : "likely",
      edits: [],
      proven: false,
      suspects: [suspect],
    },
  ];
}
