import { passHook } from "../hooks.ts";
import { outerIp } from "../packet.ts";
import { routeKeyOf, withOuterIp } from "../packet-parts.ts";
import { type InputAnswer, routeInput } from "../route/input.ts";
import { routeText } from "../route/words.ts";
import type { Netns } from "../../../facts/netns.ts";
import type { Stage } from "../stage.ts";
import { isNotKnown, linkIn, type Move, type Traveller } from "../traveller.ts";
import { mtuOf } from "./send.ts";

type IpReceive = Extract<Stage, { at: "ip-receive" }>;

/** ip_rcv: PREROUTING, then the routing decision. */
export function receiveIp(traveller: Traveller, stage: IpReceive): readonly Move[] {
  const netns = traveller.netns(stage.netns);
  if (stage.prerouted) return decide(traveller, netns, stage);
  const pass = {
    netns,
    hook: "PREROUTING",
    iif: stage.iif,
    oif: null,
    physIn: stage.physIn,
    physOut: null,
    link: stage.iif,
    nextHop: null,
  } as const;
  return passHook(traveller, pass, (fork) => decide(fork, netns, stage));
}

function decide(traveller: Traveller, netns: Netns, stage: IpReceive): readonly Move[] {
  const { iif, physIn } = stage;
  // What came over the loopback still has the route it was sent with (skb_valid_dst).
  if (iif === "lo") return traveller.go({ at: "local-in", netns: netns.id, iif, physIn });
  const answer = routeInput(netns, routeKeyOf(traveller.packet, { iif, oif: null }), traveller.ask);
  if (answer.is !== "ways") return lostAtInput(traveller, netns, iif, answer);
  return traveller.split(
    answer.ways,
    (way) => way.share,
    (fork, { decision, reverse }) => {
      if (reverse !== null) fork.step("reverse-path", netns.id, iif, reverse);
      const text = routeText(decision.route, decision.nexthop);
      fork.step("route-input", netns.id, iif, text, decision.route.because);
      if (decision.local) return fork.go({ at: "local-in", netns: netns.id, iif, physIn });
      return fork.go({ at: "forward", netns: netns.id, iif, physIn, decision });
    },
  );
}

/** How a failed routing decision ends a packet that came in on a link. */
export function lostAtInput(
  traveller: Traveller,
  netns: Netns,
  iif: string,
  answer: Exclude<InputAnswer, { is: "ways" }>,
): readonly Move[] {
  if (answer.is === "unknown") return traveller.unknown(netns.id, iif, answer, answer.reads);
  const kind = answer.as === "RP_FILTER" || answer.as === "MARTIAN_SOURCE" ? "reverse-path" : "route-input";
  traveller.step(kind, netns.id, iif, answer.text, answer.because);
  return traveller.end({ disposition: answer.as, netns: netns.id, link: iif, decidedBy: answer.reads });
}

/** ip_forward: TTL, MTU and DF, then FORWARD. */
export function forward(traveller: Traveller, stage: Extract<Stage, { at: "forward" }>): readonly Move[] {
  const netns = traveller.netns(stage.netns);
  const { iif, physIn, decision } = stage;
  const ip = outerIp(traveller.packet);
  const at = { netns: netns.id, link: iif };
  if (ip.ttl <= 1) {
    traveller.step("forward", netns.id, iif, `ttl ${ip.ttl}`);
    return traveller.loop === null
      ? traveller.end({ ...at, disposition: "TTL_EXCEEDED", decidedBy: [] })
      : traveller.end({ ...at, disposition: "LOOP", decidedBy: traveller.loop });
  }
  const linkRead = { of: "link", netns: netns.id, name: decision.dev } as const;
  traveller.ask(linkRead);
  const link = linkIn(netns, decision.dev);
  if (isNotKnown(link)) return traveller.unknown(netns.id, iif, link, [linkRead]);
  const mtu = mtuOf(netns, decision) ?? link.mtu;
  if (traveller.packet.bytes > mtu && (ip.df || ip.src.family === 6)) {
    traveller.step(
      "forward",
      netns.id,
      iif,
      `${traveller.packet.bytes} > mtu ${mtu} dev ${decision.dev}`,
      link.because,
    );
    return traveller.end({ ...at, disposition: "MTU_EXCEEDED", decidedBy: [linkRead] });
  }
  traveller.packet = withOuterIp(traveller.packet, { ttl: ip.ttl - 1 });
  traveller.step("forward", netns.id, iif, `dev ${decision.dev}`);
  const pass = {
    netns,
    hook: "FORWARD",
    iif,
    oif: decision.dev,
    physIn,
    physOut: null,
    link: iif,
    nextHop: decision.nextHop,
  } as const;
  return passHook(traveller, pass, (fork) => fork.go({ at: "ip-output", netns: netns.id, iif, physIn, decision }));
}
