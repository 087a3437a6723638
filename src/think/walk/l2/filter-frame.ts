import type { Netns } from "../../../facts/netns.ts";
import { endOrGo } from "../hooks.ts";
import { doubtArp } from "../netfilter/arp-chains.ts";
import type { HookOutcome } from "../netfilter/contract.ts";
import { traverseBridge, traverseEgress, traverseIngress } from "../netfilter/layer2-hooks.ts";
import { outerIp, type Packet } from "../packet.ts";
import { frameOf, withFrame, withoutFrame } from "../packet-parts.ts";
import type { Move, Traveller } from "../traveller.ts";

type Go = (traveller: Traveller) => readonly Move[];

/** nf_ingress in __netif_receive_skb_core: behind the tap. */
export function filterIngress(traveller: Traveller, netns: Netns, link: string, go: Go): readonly Move[] {
  return filter(traveller, netns, link, "ingress", go, (packet) => traverseIngress(netns, link, packet, traveller.ask));
}

/** nf_hook_egress in __dev_queue_xmit: before the tap. */
export function filterEgress(traveller: Traveller, netns: Netns, link: string, go: Go): readonly Move[] {
  return filter(traveller, netns, link, "egress", go, (packet) => traverseEgress(netns, link, packet, traveller.ask));
}

/** The hooks of the bridge family; `link` is the port that the step names. */
export function filterBridged(
  traveller: Traveller,
  netns: Netns,
  hook: "PREROUTING" | "INPUT" | "FORWARD" | "OUTPUT" | "POSTROUTING",
  ports: { readonly iif: string | null; readonly oif: string | null; readonly link: string },
  go: Go,
): readonly Move[] {
  // The question and the answer of ARP passed these hooks before it, if it had to ask.
  const frame = frameOf(traveller.packet);
  const wasAsked = [frame?.src, frame?.dst].some((mac) => mac != null && traveller.answered.has(mac));
  if (wasAsked && outerIp(traveller.packet).src.family === 4) {
    const links = [ports.iif, ports.oif].filter((link) => link !== null);
    const doubt = doubtArp(netns, "bridge", [hook], links);
    if (doubt !== null) return traveller.unknown(netns.id, ports.link, doubt);
  }
  return filter(traveller, netns, ports.link, `bridge ${hook}`, go, (packet) =>
    traverseBridge(netns, hook, ports, packet, traveller.ask),
  );
}

/** Chains below IP: they see the packet without its frame, and leave its connection alone. */
function filter(
  traveller: Traveller,
  netns: Netns,
  link: string,
  hook: string,
  go: Go,
  outcomesOf: (packet: Packet) => readonly HookOutcome[],
): readonly Move[] {
  const { packet } = traveller;
  if (traveller.isArp && packet.headers.filter((h) => h.kind === "ip").length === 1) return go(traveller);
  const frame = frameOf(packet);
  return traveller.split(
    outcomesOf(withoutFrame(packet)),
    (outcome) => outcome.weight,
    (fork, outcome) => {
      const passed = { ...outcome.packet, ct: packet.ct };
      fork.packet = frame === null ? passed : withFrame(passed, frame.src, frame.dst);
      return endOrGo(fork, { netns, link, hook }, outcome, packet, go);
    },
  );
}
