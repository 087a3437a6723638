import { phrase } from "../../../facts/phrase.ts";
import { resolvesNeighbours } from "../../../facts/lookup/links.ts";
import { passHook } from "../hooks.ts";
import { outerIp } from "../packet.ts";
import type { Stage } from "../stage.ts";
import { isNotKnown, linkIn, type Move, type Traveller } from "../traveller.ts";
import { mtuOf } from "./send.ts";

/** ip_output: POSTROUTING, fragments, then the next hop's address or, for one's own, the loopback. */
export function ipOutput(traveller: Traveller, stage: Extract<Stage, { at: "ip-output" }>): readonly Move[] {
  const netns = traveller.netns(stage.netns);
  const { decision } = stage;
  const encap = decision.nexthop?.encap ?? null;
  if (encap !== null) {
    // lwtunnel_output takes the place of ip_output.
    const { because } = decision.route;
    const why = phrase("encap-not-modelled", { netns: netns.id, encap });
    return traveller.unknown(netns.id, decision.dev, { why, because });
  }
  const pass = {
    netns,
    hook: "POSTROUTING",
    iif: stage.iif,
    oif: decision.dev,
    physIn: stage.physIn,
    physOut: null,
    link: decision.dev,
    nextHop: decision.nextHop,
  } as const;
  return passHook(traveller, pass, (fork) => {
    const link = linkIn(netns, decision.dev);
    const linkRead = { of: "link", netns: netns.id, name: decision.dev } as const;
    fork.ask(linkRead);
    if (isNotKnown(link)) return fork.unknown(netns.id, decision.dev, link, [linkRead]);
    const mtu = mtuOf(netns, decision) ?? link.mtu;
    if (fork.packet.bytes > mtu && !decision.local) {
      const ip = outerIp(fork.packet);
      if (ip.df || ip.src.family === 6) {
        fork.step("fragment", netns.id, decision.dev, `${fork.packet.bytes} > mtu ${mtu}`, link.because);
        return fork.end({ disposition: "MTU_EXCEEDED", netns: netns.id, link: decision.dev, decidedBy: [linkRead] });
      }
      fork.step("fragment", netns.id, decision.dev, `mtu ${mtu}`, link.because);
    }
    const { nextHop } = decision;
    if (decision.local || nextHop === null || !resolvesNeighbours(link)) {
      return fork.go({ at: "transmit", netns: netns.id, link: decision.dev, nextHop });
    }
    return fork.go({ at: "neighbour", netns: netns.id, dev: decision.dev, nextHop, bridgedFrom: null });
  });
}
