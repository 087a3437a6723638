import { bridgeEntries } from "../../../facts/lookup/fdb.ts";
import { linksUnder } from "../../../facts/lookup/links.ts";
import type { Link, Netns } from "../../../facts/netns.ts";
import { type Phrase, phrase } from "../../../facts/phrase.ts";
import { passHook } from "../hooks.ts";
import { frameOf, withFrame, withoutFrame } from "../packet-parts.ts";
import type { Read } from "../reads.ts";
import type { Stage } from "../stage.ts";
import { isNotKnown, linkIn, type Move, type Traveller } from "../traveller.ts";
import { isDeaf } from "./deaf-port.ts";
import { filterBridged, filterIngress } from "./filter-frame.ts";
import { hearersBeyond } from "./stations.ts";

type Forwarding = Extract<Stage, { at: "bridge-forward" }>;

interface Here {
  readonly netns: Netns;
  readonly bridge: Link;
  readonly stage: Forwarding;
  /** The port that it came in by; undefined for what the bridge device itself sends. */
  readonly from: Link | undefined;
  readonly mac: string;
  readonly read: Read;
}

/** br_handle_frame_finish and br_dev_xmit: up to the bridge's own netns, out of one port, or flooded. */
export function forwardFrame(traveller: Traveller, stage: Forwarding): readonly Move[] {
  const netns = traveller.netns(stage.netns);
  const bridge = linkIn(netns, stage.bridge);
  if (isNotKnown(bridge)) return traveller.unknown(netns.id, stage.from, bridge);
  const mac = frameOf(traveller.packet)?.dst ?? null;
  if (mac === null) {
    const why = phrase("frame-without-destination", { netns: netns.id, bridge: bridge.name });
    return traveller.unknown(netns.id, stage.from, { why, because: bridge.because });
  }
  const read: Read = { of: "fdb", netns: netns.id, dev: bridge.name, mac };
  traveller.ask(read);
  const ports = netns.links.known ? linksUnder(netns.links.value, bridge.name) : [];
  const here = { netns, bridge, stage, from: ports.find((p) => p.name === stage.from), mac, read };
  const entry = netns.fdb.known ? bridgeEntries(netns.fdb.value, bridge.name, mac)[0] : undefined;
  // BR_FDB_LOCAL. What the bridge device itself sends has no further up to go (br_dev_xmit).
  const isLocal = entry?.permanent === true || mac === bridge.mac || ports.some((p) => p.mac === mac);
  if (isLocal && stage.from !== null) return passUp(traveller, here);
  const isFixed = entry?.permanent === true || entry?.sticky === true;
  const portName = (isFixed ? undefined : portSeen(traveller, here, ports)) ?? entry?.dev;
  const port = ports.find((p) => p.name === portName);
  if (port === undefined) return flood(traveller, here, ports);
  traveller.step(
    "bridge-forward",
    netns.id,
    port.name,
    `${mac} dev ${port.name} master ${bridge.name}`,
    entry?.dev === port.name ? entry.because : null,
  );
  return outOfPort(traveller, here, port);
}

/** br_fdb_update: a frame from that MAC address came in by a port, be it the answer to ARP, and moved the entry there. */
function portSeen(traveller: Traveller, { netns, bridge, mac }: Here, ports: readonly Link[]): string | undefined {
  const learned = traveller.learned.get(`${netns.id} ${bridge.name} ${mac}`);
  if (learned !== undefined || !traveller.answered.has(mac)) return learned;
  const leadsThere = (port: Link): boolean =>
    hearersBeyond(traveller.world, netns, port).stations.some((s) => s.link.mac === mac);
  return ports.find((port) => port.port?.learning !== false && leadsThere(port))?.name;
}

/** br_pass_frame_up: the bridge device itself receives it. To IP it is somebody else's, but for its own MAC address and the port's. */
function passUp(traveller: Traveller, here: Here): readonly Move[] {
  const { netns, bridge, stage, from, mac } = here;
  traveller.step("bridge-local", netns.id, bridge.name, `${mac} dev ${bridge.name}`, bridge.because);
  const ports = { iif: stage.from, oif: null, link: stage.from ?? bridge.name };
  return filterBridged(traveller, netns, "INPUT", ports, (passed) => {
    passed.packet = withoutFrame(passed.packet);
    passed.step("tap-in", netns.id, bridge.name, `dev ${bridge.name}`, bridge.because);
    return filterIngress(passed, netns, bridge.name, (up) => {
      if (mac !== bridge.mac && mac !== from?.mac) {
        const words = phrase("other-mac", { dst: mac, mac: bridge.mac });
        up.step("local-deliver", netns.id, bridge.name, words, bridge.because);
        return sentAstray(up, here, bridge.name);
      }
      return up.go({
        at: "ip-receive",
        netns: netns.id,
        iif: bridge.name,
        physIn: stage.filtered ? stage.from : null,
        prerouted: stage.filtered,
      });
    });
  });
}

/** br_flood: every port gets it; the one behind which somebody has the address matters. */
function flood(traveller: Traveller, here: Here, ports: readonly Link[]): readonly Move[] {
  const { netns, bridge, stage, from, mac } = here;
  const gaps: Phrase[] = [];
  for (const port of ports) {
    if (port.name === stage.from && port.port?.hairpin !== true) continue;
    const hearers = hearersBeyond(traveller.world, netns, port);
    gaps.push(...hearers.gaps);
    const station = hearers.stations.find((s) => s.link.mac === mac);
    if (station === undefined) continue;
    if (station.down !== null) {
      const read: Read = { of: "link", netns: station.down.netns, name: station.down.link };
      traveller.ask(read);
      const at = { netns: netns.id, link: port.name };
      return traveller.end({ ...at, disposition: "RECEIVER_LINK_DOWN", decidedBy: [read] });
    }
    // A port that learns has an entry by now, from the answer to ARP.
    if (isDeaf(port)) return blocked(traveller, here, port, "flood off learning off");
    traveller.step("bridge-forward", netns.id, port.name, phrase("flooded", { mac }), port.because);
    return outOfPort(traveller, here, port);
  }
  const link = stage.from ?? bridge.name;
  if (gaps[0] !== undefined) {
    const why = phrase("station-unknown", { netns: netns.id, bridge: bridge.name, mac, why: gaps[0] });
    return traveller.unknown(netns.id, link, { why, because: bridge.because }, [here.read]);
  }
  if (from !== undefined && hearersBeyond(traveller.world, netns, from).stations.some((s) => s.link.mac === mac)) {
    return blocked(traveller, here, from, "hairpin off");
  }
  return sentAstray(traveller, here, link);
}

/** Nobody whom the bridge leads to takes a frame to that MAC address. */
function sentAstray(traveller: Traveller, { netns, read }: Here, link: string): readonly Move[] {
  const decidedBy = traveller.resolvedBy === null ? [read] : [traveller.resolvedBy.read, read];
  return traveller.end({ disposition: "WRONG_MAC", netns: netns.id, link, decidedBy });
}

/** should_deliver, then FORWARD and POSTROUTING of the bridge family, and of IP where br_netfilter holds the packet. */
function outOfPort(traveller: Traveller, here: Here, port: Link): readonly Move[] {
  const { netns, stage, from } = here;
  if (port.port !== null && port.port.state !== "forwarding") {
    if (!port.up || !port.carrier)
      return traveller.go({ at: "transmit", netns: netns.id, link: port.name, nextHop: null });
    return blocked(traveller, here, port, `state ${port.port.state}`);
  }
  if (port.name === stage.from && port.port?.hairpin !== true) return blocked(traveller, here, port, "hairpin off");
  if (port.port?.isolated === true && from?.port?.isolated === true)
    return blocked(traveller, here, port, "isolated on");
  if (traveller.packet.bytes > port.mtu + 4) {
    const read: Read = { of: "link", netns: netns.id, name: port.name };
    traveller.step("bridge-forward", netns.id, port.name, `${traveller.packet.bytes} > mtu ${port.mtu}`, port.because);
    return traveller.end({ disposition: "MTU_EXCEEDED", netns: netns.id, link: port.name, decidedBy: [read] });
  }
  const ports = { iif: stage.from, oif: port.name, link: port.name };
  return filterBridged(traveller, netns, stage.from === null ? "OUTPUT" : "FORWARD", ports, (passed) =>
    throughNetfilter(passed, here, port, (out) =>
      filterBridged(out, netns, "POSTROUTING", { ...ports, iif: null }, (last) =>
        last.go({ at: "transmit", netns: netns.id, link: port.name, nextHop: null }),
      ),
    ),
  );
}

/** FORWARD and POSTROUTING of IP, where br_netfilter holds the packet. */
function throughNetfilter(
  traveller: Traveller,
  { netns, bridge, stage }: Here,
  port: Link,
  go: (traveller: Traveller) => readonly Move[],
): readonly Move[] {
  if (!stage.filtered || stage.from === null) return go(traveller);
  const frame = frameOf(traveller.packet);
  traveller.packet = withoutFrame(traveller.packet);
  const pass = {
    netns,
    iif: bridge.name,
    oif: bridge.name,
    physIn: stage.from,
    physOut: port.name,
    link: port.name,
    nextHop: null,
  };
  return passHook(traveller, { ...pass, hook: "FORWARD" }, (passed) =>
    passHook(passed, { ...pass, iif: null, hook: "POSTROUTING" }, (out) => {
      out.packet = withFrame(out.packet, frame?.src ?? null, frame?.dst ?? null);
      return go(out);
    }),
  );
}

function blocked(traveller: Traveller, { netns }: Here, port: Link, detail: string): readonly Move[] {
  const read: Read = { of: "link", netns: netns.id, name: port.name };
  traveller.ask(read);
  traveller.step("bridge-forward", netns.id, port.name, detail, port.because);
  return traveller.end({ disposition: "BRIDGE_PORT_BLOCKED", netns: netns.id, link: port.name, decidedBy: [read] });
}
