import { sameIp } from "../../../facts/ip.ts";
import { linkNamed, linksUnder } from "../../../facts/lookup/links.ts";
import { isLocalAddress } from "../../../facts/lookup/routes.ts";
import { otherEnds, wiresAt } from "../../../facts/lookup/wires.ts";
import type { Link, Netns } from "../../../facts/netns.ts";
import { phrase } from "../../../facts/phrase.ts";
import type { Wire, WireEnd } from "../../../facts/world.ts";
import { outerIp } from "../packet.ts";
import { frameOf } from "../packet-parts.ts";
import type { Read } from "../reads.ts";
import type { Stage } from "../stage.ts";
import { encapsulate, isModelledTunnel } from "../tunnel/encapsulate.ts";
import { isNotKnown, linkIn, type Move, type Traveller } from "../traveller.ts";
import { filterEgress } from "./filter-frame.ts";
import { isLeaving, leave, leavingOf } from "./leave.ts";
import { endAtDeadLink } from "./link-state.ts";
import { acrossRouters, comesInAt, isAnsweredByRouter } from "./routed.ts";
import { hearersAt } from "./stations.ts";

type Transmit = Extract<Stage, { at: "transmit" }>;

/** dev_queue_xmit: past the tap, then what the kind of link does with it. */
export function transmit(traveller: Traveller, stage: Transmit): readonly Move[] {
  const netns = traveller.netns(stage.netns);
  const read: Read = { of: "link", netns: netns.id, name: stage.link };
  traveller.ask(read);
  const link = linkIn(netns, stage.link);
  if (isNotKnown(link)) return traveller.unknown(netns.id, stage.link, link, [read]);
  const dead = endAtDeadLink(traveller, netns, link);
  if (dead !== null) return dead;
  return filterEgress(traveller, netns, link.name, (passed) => queue(passed, netns, link, stage));
}

function queue(traveller: Traveller, netns: Netns, link: Link, stage: Transmit): readonly Move[] {
  traveller.step("tap-out", netns.id, link.name, `dev ${link.name}`, link.because);
  if (link.kind === "loopback") return traveller.go({ at: "receive", netns: netns.id, link: link.name });
  if (link.kind === "bridge") {
    return traveller.go({ at: "bridge-forward", netns: netns.id, bridge: link.name, from: null, filtered: false });
  }
  if (isModelledTunnel(link)) return encapsulate(traveller, netns, link, stage.nextHop);
  if (link.kind === "dummy") {
    return traveller.end({
      disposition: "BLACKHOLE_ROUTE",
      netns: netns.id,
      link: link.name,
      decidedBy: [{ of: "link", netns: netns.id, name: link.name }],
    });
  }
  if (link.kind === "vlan" && link.lower !== null && link.vlanId !== null) {
    traveller.vlan = link.vlanId;
    return traveller.go({ at: "transmit", netns: netns.id, link: link.lower, nextHop: stage.nextHop });
  }
  return ontoWire(traveller, netns, link);
}

function ontoWire(traveller: Traveller, netns: Netns, link: Link): readonly Move[] {
  if (isLeaving(traveller, netns)) return leave(traveller, netns, link);
  const read: Read = { of: "wire", netns: netns.id, link: link.name };
  traveller.ask(read);
  const wire = wiresAt(traveller.world.wires, netns.id, link.name)[0] ?? slaveWire(traveller, netns, link);
  if (wire === undefined) {
    const beyond = comesInAt(traveller, netns, link);
    if (beyond !== null) return acrossRouters(traveller, netns, link, beyond);
    const why = phrase("link-leads-nowhere", { netns: netns.id, link: link.name, kind: link.kind });
    const end = isSentToRouter(traveller) ? leavingOf(traveller) : "UNKNOWN";
    return traveller.unknown(netns.id, link.name, { why, because: link.because }, [read], end);
  }
  if (wire.kind === "segment") return ontoSegment(traveller, netns, link, otherEnds(wire, netns.id, link.name));
  const end = otherEnds(wire, netns.id, link.name)[0];
  if (end === undefined)
    return traveller.unknown(netns.id, link.name, { why: phrase("wire-with-one-end"), because: null });
  return across(traveller, netns, link, end, true);
}

/** A next hop that is not the destination itself is on its way out of the segment. */
function isSentToRouter(traveller: Traveller): boolean {
  const via = traveller.resolvedBy?.ip ?? null;
  return via !== null && !sameIp(via, outerIp(traveller.packet).dst);
}

/** A bond sends through one of its slaves; all are on the same segment. */
function slaveWire(traveller: Traveller, netns: Netns, link: Link): Wire | undefined {
  if ((link.kind !== "bond" && link.kind !== "team") || !netns.links.known) return undefined;
  const slave = linksUnder(netns.links.value, link.name).find((s) => s.up && s.carrier);
  return slave === undefined ? undefined : wiresAt(traveller.world.wires, netns.id, slave.name)[0];
}

/** Between machines the MAC address decides who takes the frame. */
function ontoSegment(traveller: Traveller, netns: Netns, link: Link, ends: readonly WireEnd[]): readonly Move[] {
  const mac = frameOf(traveller.packet)?.dst ?? null;
  const at = { netns: netns.id, link: link.name };
  for (const end of ends) {
    const { stations } = hearersAt(traveller.world, end);
    const station = stations.find((s) => s.link.mac !== null && s.link.mac === mac);
    if (station === undefined) continue;
    const read: Read = { of: "link", netns: end.netns, name: end.link };
    traveller.ask(read);
    if (station.down?.netns === end.netns && station.down.link === end.link) {
      return traveller.end({ ...at, disposition: "RECEIVER_LINK_DOWN", decidedBy: [read] });
    }
    return across(traveller, netns, link, end, false);
  }
  const resolved = traveller.resolvedBy;
  const owner = resolved === null ? null : ownerOf(traveller, resolved.ip, ends);
  if (owner !== null && resolved !== null && isAnsweredByRouter(traveller.world, netns, link, resolved.ip))
    return acrossRouters(traveller, netns, link, { netns: owner.netns.id, link: owner.link.name });
  if (owner !== null && resolved !== null) {
    const detail = `${mac ?? "?"}, ${resolved.ip.text} is-at ${owner.link.mac ?? "?"}`;
    traveller.step("wire", netns.id, link.name, detail, owner.link.because);
    return traveller.end({ ...at, disposition: "WRONG_MAC", decidedBy: [resolved.read] });
  }
  const beyond = comesInAt(traveller, netns, link);
  if (beyond !== null) return acrossRouters(traveller, netns, link, beyond);
  const whom = resolved === null ? (mac ?? "?") : `${resolved.ip.text} (${mac ?? "?"})`;
  const why = phrase("whom-stranger", { netns: netns.id, link: link.name, whom });
  const read: Read = { of: "wire", netns: netns.id, link: link.name };
  return traveller.unknown(netns.id, link.name, { why, because: link.because }, [read], leavingOf(traveller));
}

/** Who of those that were collected has the next hop's address on this segment. */
function ownerOf(
  traveller: Traveller,
  address: { family: 4 | 6; value: bigint; text: string },
  ends: readonly WireEnd[],
) {
  for (const end of ends) {
    const netns = traveller.world.netns.get(end.netns);
    if (netns?.routes.known !== true || !isLocalAddress(netns.routes.value, address)) continue;
    const link = netns.links.known ? linkNamed(netns.links.value, end.link) : null;
    if (link !== null) return { netns, link };
  }
  return null;
}

/** Into another netns or machine: mark and conntrack stay behind (skb_scrub_packet). */
function across(traveller: Traveller, netns: Netns, link: Link, end: WireEnd, isVeth: boolean): readonly Move[] {
  const at = { netns: netns.id, link: link.name };
  const there = traveller.world.netns.get(end.netns);
  const read: Read = { of: "link", netns: end.netns, name: end.link };
  traveller.ask(read);
  const peer = there?.links.known ? linkNamed(there.links.value, end.link) : null;
  if (peer === null) {
    const why = phrase("far-link-unread", { netns: end.netns, link: end.link, near: link.name });
    return traveller.unknown(netns.id, link.name, { why, because: link.because }, [read]);
  }
  if (!peer.up) return traveller.end({ ...at, disposition: "RECEIVER_LINK_DOWN", decidedBy: [read] });
  // is_skb_forwardable leaves room for one VLAN tag.
  if (traveller.packet.bytes > peer.mtu + 4) {
    traveller.step(
      "wire",
      netns.id,
      link.name,
      `${traveller.packet.bytes} > mtu ${peer.mtu} dev ${end.link}`,
      peer.because,
    );
    if (isVeth) return traveller.end({ ...at, disposition: "MTU_EXCEEDED", decidedBy: [read] });
    const why = phrase("far-mtu-smaller", { netns: end.netns, link: end.link, mtu: peer.mtu });
    return traveller.unknown(netns.id, link.name, { why, because: peer.because }, [read]);
  }
  traveller.step("wire", netns.id, link.name, `${end.netns} ${end.link}`, peer.because);
  traveller.forgetConnection();
  if (end.netns !== netns.id) traveller.packet = { ...traveller.packet, mark: 0 };
  return traveller.go({ at: "receive", netns: end.netns, link: end.link });
}
