import { type Ip, sameIp } from "../../../facts/ip.ts";
import { isLocalAddress } from "../../../facts/lookup/routes.ts";
import type { Netns } from "../../../facts/netns.ts";
import type { NetnsId } from "../../../facts/provenance.ts";
import { passHook } from "../hooks.ts";
import type { HookOutcome } from "../netfilter/contract.ts";
import { outerIp, type Packet } from "../packet.ts";
import { routeKeyOf, withOuterIp } from "../packet-parts.ts";
import type { Read } from "../reads.ts";
import type { Decision, RouteKey } from "../route/decision.ts";
import { type OutputAnswer, routeOutput } from "../route/output.ts";
import { routeText } from "../route/words.ts";
import type { Stage } from "../stage.ts";
import { linkIn, isNotKnown, type Move, type Traveller } from "../traveller.ts";

export interface Sending {
  readonly netns: NetnsId;
  readonly key: Omit<RouteKey, "iif">;
  /** The packet, once its source is known. */
  readonly packet: (src: Ip) => Packet;
  /** The link that a branch names when it ends here. */
  readonly link: string | null;
  /** The fact that named the source and the destination, for a tunnel. */
  readonly madeBy: Read | null;
  /** The sender cuts what it sends to what fits (TCP), or lets it be fragmented. */
  readonly fits: "segments" | "fragments" | "as-is";
}

/** Finds the route and the source address of a packet that is made here, and hands it to __ip_local_out. */
export function sendFrom(traveller: Traveller, sending: Sending): readonly Move[] {
  const netns = traveller.netns(sending.netns);
  const answer = routeOutput(netns, { ...sending.key, iif: "lo" }, traveller.ask);
  if (answer.is !== "ways") {
    traveller.packet = sending.packet(sending.key.src ?? unspecified(sending.key.dst.family));
    const reads = sending.madeBy === null ? answer.reads : [...answer.reads, sending.madeBy];
    return lostAtOutput(traveller, netns, sending.link, { ...answer, reads });
  }
  return traveller.split(
    answer.ways,
    (way) => way.share,
    (fork, way) => {
      fork.connection = null;
      fork.packet = sending.packet(way.src);
      const { decision } = way;
      fork.step(
        "route-output",
        netns.id,
        decision.dev,
        routeText(decision.route, decision.nexthop),
        decision.route.because,
      );
      // "Circular route" (vxlan_get_route, ip_tunnel_xmit): the tunnel's own packets would go into it again.
      if (sending.madeBy !== null && decision.dev === sending.link) {
        const decidedBy = [...fork.reads.filter((r) => r.of === "route").slice(-2), sending.madeBy];
        return fork.end({ disposition: "LOOP", netns: netns.id, link: sending.link, decidedBy });
      }
      if (sending.fits !== "as-is") fitToRoute(fork, netns, decision, sending.fits);
      return fork.go({ at: "local-out", netns: netns.id, decision, bound: sending.key.oif });
    },
  );
}

/** __ip_local_out: OUTPUT, then routed again where a rule changed what the route depends on. */
export function localOut(traveller: Traveller, stage: Extract<Stage, { at: "local-out" }>): readonly Move[] {
  const netns = traveller.netns(stage.netns);
  const { decision } = stage;
  const before = traveller.packet;
  const pass = {
    netns,
    hook: "OUTPUT",
    iif: null,
    oif: decision.dev,
    physIn: null,
    physOut: null,
    link: decision.dev,
    nextHop: decision.nextHop,
  } as const;
  return passHook(traveller, pass, (fork, outcome) => {
    const onward = (next: Decision): readonly Move[] =>
      fork.go({ at: "ip-output", netns: netns.id, iif: null, physIn: null, decision: next });
    if (!isRoutedAgain(netns, before, outcome)) return onward(decision);
    return routeAgain(fork, netns, stage.bound, onward);
  });
}

/** ip_route_me_harder: the source stays, so a route for another address may now carry it. */
function routeAgain(
  traveller: Traveller,
  netns: Netns,
  oif: string | null,
  onward: (decision: Decision) => readonly Move[],
): readonly Move[] {
  const key = routeKeyOf(traveller.packet, { iif: "lo", oif });
  const own = netns.routes.known && isLocalAddress(netns.routes.value, key.src);
  const answer = routeOutput(netns, { ...key, src: own ? key.src : null }, traveller.ask);
  if (answer.is !== "ways") return lostAtOutput(traveller, netns, null, answer);
  return traveller.split(
    answer.ways,
    (way) => way.share,
    (fork, { decision }) => {
      const text = routeText(decision.route, decision.nexthop);
      fork.step("route-output", netns.id, decision.dev, text, decision.route.because);
      return onward(decision);
    },
  );
}

/** nf_nat_local_fn looks at the destination; the mangle table and nft chains of type route also at source and mark. */
function isRoutedAgain(netns: Netns, before: Packet, outcome: HookOutcome): boolean {
  const [was, is] = [outerIp(before), outerIp(outcome.packet)];
  if (!sameIp(was.dst, is.dst)) return true;
  if (before.mark === outcome.packet.mark && sameIp(was.src, is.src)) return false;
  return outcome.acted.some((place) => {
    if (place.backend !== "nft") return place.table === "mangle";
    if (!netns.rulesets.known) return false;
    return netns.rulesets.value.some((ruleset) =>
      ruleset.tables.some((table) => table.name === place.table && table.chains.some((c) => c.type === "route")),
    );
  });
}

function lostAtOutput(
  traveller: Traveller,
  netns: Netns,
  link: string | null,
  answer: Exclude<OutputAnswer, { is: "ways" }>,
): readonly Move[] {
  if (answer.is === "unknown") return traveller.unknown(netns.id, link, answer, answer.reads);
  traveller.step("route-output", netns.id, link, answer.text, answer.because);
  return traveller.end({ disposition: answer.as, netns: netns.id, link, decidedBy: answer.reads });
}

/** TCP sends no segment larger than its route carries; a datagram that does not fit is sent in fragments. */
function fitToRoute(traveller: Traveller, netns: Netns, decision: Decision, fits: "segments" | "fragments"): void {
  const mtu = mtuOf(netns, decision);
  if (mtu === null || traveller.packet.bytes <= mtu) return;
  const packet = { ...traveller.packet, bytes: mtu };
  traveller.packet = fits === "segments" ? packet : withOuterIp(packet, { df: false });
  traveller.step(fits === "segments" ? "send" : "fragment", netns.id, decision.dev, `mtu ${mtu}`);
}

/** ip_dst_mtu_maybe_forward: the route's own MTU, else the link's. */
export function mtuOf(netns: Netns, decision: Decision): number | null {
  if (decision.route.mtu !== null) return decision.route.mtu;
  const link = linkIn(netns, decision.dev);
  return isNotKnown(link) ? null : link.mtu;
}

function unspecified(family: 4 | 6): Ip {
  return { family, value: 0n, text: family === 4 ? "0.0.0.0" : "::" };
}
