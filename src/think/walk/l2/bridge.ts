import { sameIp } from "../../../facts/ip.ts";
import type { Link, Netns } from "../../../facts/netns.ts";
import { phrase } from "../../../facts/phrase.ts";
import { passHook } from "../hooks.ts";
import { lostAtInput } from "../local/receive-ip.ts";
import { outerIp } from "../packet.ts";
import { frameOf, routeKeyOf, withFrame, withoutFrame } from "../packet-parts.ts";
import type { Disposition } from "../dispositions.ts";
import type { Read } from "../reads.ts";
import { routeInput } from "../route/input.ts";
import { routeText } from "../route/words.ts";
import type { Stage } from "../stage.ts";
import { isNotKnown, linkIn, type Move, type Traveller } from "../traveller.ts";
import { bridgeFilters } from "./bridge-netfilter.ts";
import { filterBridged } from "./filter-frame.ts";

type BridgeStage = Extract<Stage, { at: "bridge" }>;

/** br_handle_frame: a frame came in on a port; with br_netfilter it passes PREROUTING here. */
export function enterBridge(traveller: Traveller, stage: BridgeStage): readonly Move[] {
  const netns = traveller.netns(stage.netns);
  const bridge = linkIn(netns, stage.bridge);
  const port = linkIn(netns, stage.port);
  if (isNotKnown(bridge)) return traveller.unknown(netns.id, stage.port, bridge);
  if (isNotKnown(port)) return traveller.unknown(netns.id, stage.port, port);
  const read: Read = { of: "link", netns: netns.id, name: port.name };
  traveller.ask(read);
  if (!bridge.up) {
    // Its ports are disabled with it (br_stp_disable_bridge).
    const down: Read = { of: "link", netns: netns.id, name: bridge.name };
    traveller.ask(down);
    return traveller.end({ disposition: "LINK_DOWN", netns: netns.id, link: bridge.name, decidedBy: [down] });
  }
  if (port.port !== null && port.port.state !== "forwarding") {
    traveller.step("bridge-forward", netns.id, port.name, `state ${port.port.state}`, port.because);
    return traveller.end({ disposition: "BRIDGE_PORT_BLOCKED", netns: netns.id, link: port.name, decidedBy: [read] });
  }
  if (bridge.bridge?.vlanFiltering === true) {
    const why = phrase("vlan-filtering-unread", { netns: netns.id, bridge: bridge.name });
    return traveller.unknown(netns.id, port.name, { why, because: bridge.because });
  }
  const source = frameOf(traveller.packet)?.src ?? null;
  if (source !== null && port.port?.learning !== false)
    traveller.learned.set(`${netns.id} ${bridge.name} ${source}`, port.name);

  const ports = { iif: port.name, oif: null, link: port.name };
  return filterBridged(traveller, netns, "PREROUTING", ports, (passed) =>
    throughNetfilter(passed, netns, bridge, port),
  );
}

/** The frame as br_netfilter hands it to the IP hooks, where it does. */
function throughNetfilter(traveller: Traveller, netns: Netns, bridge: Link, port: Link): readonly Move[] {
  const { on, setting } = bridgeFilters(netns, bridge, outerIp(traveller.packet).src.family, traveller.ask);
  const onward = { at: "bridge-forward", netns: netns.id, bridge: bridge.name, from: port.name } as const;
  if (on === null) {
    const why = phrase("bridge-nf-unread", { netns: netns.id, bridge: bridge.name, key: setting.key });
    return traveller.unknown(netns.id, port.name, { why, because: null }, [setting.read]);
  }
  if (!on) {
    traveller.unseenBy.set(netns.id, [setting.read]);
    return traveller.go({ ...onward, filtered: false });
  }
  return prerouteFrame(traveller, netns, bridge, port, { ...onward, filtered: true });
}

/** br_nf_pre_routing and br_nf_pre_routing_finish. */
function prerouteFrame(traveller: Traveller, netns: Netns, bridge: Link, port: Link, onward: Stage): readonly Move[] {
  const frame = frameOf(traveller.packet);
  const before = outerIp(traveller.packet).dst;
  traveller.packet = withoutFrame(traveller.packet);
  const pass = {
    netns,
    hook: "PREROUTING",
    iif: bridge.name,
    oif: null,
    physIn: port.name,
    physOut: null,
    link: port.name,
    nextHop: null,
  } as const;
  return passHook(traveller, pass, (fork) => {
    const isTranslated = !sameIp(before, outerIp(fork.packet).dst);
    if (isTranslated) return routeTranslated(fork, netns, bridge, port, onward);
    fork.packet = withFrame(fork.packet, frame?.src ?? null, frame?.dst ?? null);
    return fork.go(onward);
  });
}

/**
 * After DNAT the frame goes where the new destination is: on this bridge without routing, or up to the router. So does what no
 * route takes, or what may not be forwarded: it has a route that refuses (ip_error) since Linux 3.6, and IP meets it.
 */
function routeTranslated(traveller: Traveller, netns: Netns, bridge: Link, port: Link, onward: Stage): readonly Move[] {
  const source = traveller.packet;
  const answer = routeInput(netns, routeKeyOf(source, { iif: bridge.name, oif: null }), traveller.ask);
  const passUp = (fork: Traveller): readonly Move[] => {
    fork.packet = withFrame(fork.packet, frameOf(source)?.src ?? null, bridge.mac);
    return fork.go(onward);
  };
  if (answer.is === "unknown") return lostAtInput(traveller, netns, port.name, answer);
  if (answer.is === "lost") {
    return isRefusedByRoute(answer.as) ? passUp(traveller) : lostAtInput(traveller, netns, port.name, answer);
  }
  return traveller.split(
    answer.ways,
    (way) => way.share,
    (fork, { decision }) => {
      if (decision.dev !== bridge.name || decision.nextHop === null) return passUp(fork);
      const text = routeText(decision.route, decision.nexthop);
      fork.step("route-input", netns.id, bridge.name, text, decision.route.because);
      const { nextHop } = decision;
      return fork.go({ at: "neighbour", netns: netns.id, dev: bridge.name, nextHop, bridgedFrom: port.name });
    },
  );
}

/** ip_route_input_slow: `no_route` makes a route of these; a source that is impossible makes none. */
function isRefusedByRoute(disposition: Disposition): boolean {
  const made: readonly Disposition[] = [
    "FORWARDING_OFF",
    "NO_ROUTE",
    "BLACKHOLE_ROUTE",
    "UNREACHABLE_ROUTE",
    "PROHIBIT_ROUTE",
  ];
  return made.includes(disposition);
}
