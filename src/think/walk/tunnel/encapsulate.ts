import type { Ip } from "../../../facts/ip.ts";
import type { Link, Netns } from "../../../facts/netns.ts";
import type { Move, Traveller } from "../traveller.ts";
import { encapsulateInIp, isIpTunnel } from "./ip-tunnel.ts";
import { encapsulateInVxlan } from "./vxlan.ts";

/** Tunnels whose way the walk knows; any other kind is where a packet's way becomes unknown. */
export function isModelledTunnel(link: Link): boolean {
  return link.kind === "vxlan" || isIpTunnel(link);
}

/** The packet gets an outer header and starts again as one of the netns's own. */
export function encapsulate(traveller: Traveller, netns: Netns, link: Link, nextHop: Ip | null): readonly Move[] {
  return link.kind === "vxlan"
    ? encapsulateInVxlan(traveller, netns, link)
    : encapsulateInIp(traveller, netns, link, nextHop);
}
