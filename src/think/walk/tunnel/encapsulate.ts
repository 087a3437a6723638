import type { Ip } from "../../../facts/ip.ts";
import type { Link, Netns } from "../../../facts/netns.ts";
import type { Move, Traveller } from "../traveller.ts";
import { encapsulateInIp, isIpTunnel } from "./ip-tunnel.ts";
import { encapsulateInVxlan } from "./vxlan.ts";

/** Tunnels whose way the walk knows; any other kind is where a packet's way becomes unknown. */
export function isModelledTunnel(link: Link): boolean {
  return link.kind === "vxlan" || isIpTunnel(link);
}

/** XMIT_RECURSION_LIMIT (net/core/dev.h): "Dead loop on virtual device". */
const MOST_TUNNELS = 8;

/** The packet gets an outer header and starts again as one of the netns's own. */
export function encapsulate(traveller: Traveller, netns: Netns, link: Link, nextHop: Ip | null): readonly Move[] {
  const tunnels = traveller.packet.headers.filter((h) => h.kind === "ip").length - 1;
  if (tunnels >= MOST_TUNNELS) {
    // What is wrapped leads back into a tunnel: by a route, or by a rule that translates the tunnel's own packets.
    const decidedBy = traveller.reads.filter((r) => r.of === "route" || r.of === "rule").slice(-MOST_TUNNELS);
    return traveller.end({ disposition: "LOOP", netns: netns.id, link: link.name, decidedBy });
  }
  return link.kind === "vxlan"
    ? encapsulateInVxlan(traveller, netns, link)
    : encapsulateInIp(traveller, netns, link, nextHop);
}
