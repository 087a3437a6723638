import { remotesOf } from "../../facts/lookup/fdb.ts";
import { isLocalAddress } from "../../facts/lookup/routes.ts";
import type { Ip } from "../../facts/ip.ts";
import type { Link } from "../../facts/netns.ts";
import { netnsNameOf, nodeOf } from "../../facts/provenance.ts";
import { linksOf, type World } from "../../facts/world.ts";
import type { Branch } from "../walk/branch.ts";
import { hostsOf } from "../walk/edits/peers.ts";
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
 * The tunnel's far end is known by an address that the sender has as well (`10.0.2.15`, which VirtualBox gives to the first link of
 * every VM): what is sent there comes back by the tunnel's own device (encap_bypass_if_local).
 */
export function duplicateVtep(suspect: Suspect, world: World, kernelDissents: boolean): readonly NamedCause[] {
  const at = suspect.predicted?.at;
  const remote = at === undefined ? null : ownRemote(world, at);
  if (at === undefined || remote === null) return [];
  const holders = hostsOf(world).flatMap((host) => {
    const link = linksOf(host).find((l) => l.addresses.some((a) => a.ip.text === remote.text));
    return link === undefined ? [] : [{ node: host.node, dev: link.name }];
  });
  const params = { address: remote.text, met: nodeOf(at.netns) };
  return told("duplicate-vtep-address", { object: `address ${remote.text}`, holders, params }, suspect, kernelDissents);
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
