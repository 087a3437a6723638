import { sameIp } from "../../../facts/ip.ts";
import { linkNamed } from "../../../facts/lookup/links.ts";
import { isLocalAddress } from "../../../facts/lookup/routes.ts";
import type { Link, Netns } from "../../../facts/netns.ts";
import { phrase } from "../../../facts/phrase.ts";
import { fitsAwaited } from "../local/awaited.ts";
import { outerIp } from "../packet.ts";
import type { Read } from "../reads.ts";
import type { Move, Traveller } from "../traveller.ts";

/** Is it the answer to a sender that was not collected, on its way out of the netns where the request came in? */
export function isLeaving(traveller: Traveller, netns: Netns): boolean {
  const { flow, leg } = traveller;
  if (leg !== "reply" || flow.entersBy === undefined || flow.src === null || netns.id !== flow.from) return false;
  return sameIp(outerIp(traveller.packet).dst, flow.src);
}

/** Past the last tap of what was collected: out by the link that the request came in by, it is on its way to its sender. */
export function leave(traveller: Traveller, netns: Netns, link: Link): readonly Move[] {
  const at = { netns: netns.id, link: link.name };
  const came = traveller.flow.entersBy?.link ?? "";
  const master = netns.links.known ? (linkNamed(netns.links.value, came)?.master ?? null) : null;
  if (link.name !== came && link.name !== master) {
    const read: Read = { of: "wire", netns: netns.id, link: link.name };
    const why = phrase("other-door", { netns: netns.id, came, link: link.name });
    return traveller.unknown(netns.id, link.name, { why, because: link.because }, [read]);
  }
  if (fitsAwaited(traveller)) return traveller.end({ ...at, disposition: "DELIVERED", decidedBy: [] });
  const decidedBy = traveller.reads.filter((r) => r.of === "route" || r.of === "conntrack").slice(-2);
  return traveller.end({ ...at, disposition: "NAT_UNDONE_ELSEWHERE", decidedBy });
}

/**
 * What it means that a packet goes where nothing was collected: an address that was collected has no business outside, nor has a
 * Service's that no rule translated.
 */
export function leavingOf(traveller: Traveller): "LEFT_CLUSTER" | "UNKNOWN" {
  const { dst } = outerIp(traveller.packet);
  const { flow, leg } = traveller;
  if (flow.toService === "cluster-ip" && leg === "request" && sameIp(dst, flow.dst)) return "LEFT_CLUSTER";
  for (const netns of traveller.world.netns.values()) {
    if (netns.routes.known && isLocalAddress(netns.routes.value, dst)) return "LEFT_CLUSTER";
  }
  return "UNKNOWN";
}
