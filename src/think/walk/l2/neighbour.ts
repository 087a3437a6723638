import type { Ip } from "../../../facts/ip.ts";
import { asksForNeighbours } from "../../../facts/lookup/links.ts";
import { isFixed, isUsable, neighbourOf } from "../../../facts/lookup/neighbours.ts";
import { isLocalAddress } from "../../../facts/lookup/routes.ts";
import { selectIpv4, selectIpv6 } from "../../../facts/lookup/source-address.ts";
import type { Link, Neighbour, Netns } from "../../../facts/netns.ts";
import { type Phrase, phrase } from "../../../facts/phrase.ts";
import type { Branch } from "../branch.ts";
import { doubtArp } from "../netfilter/arp-chains.ts";
import { outerIp, type Packet } from "../packet.ts";
import { PROTOCOL, withFrame } from "../packet-parts.ts";
import type { Read } from "../reads.ts";
import type { Stage } from "../stage.ts";
import { isNotKnown, linkIn, type Move, Traveller } from "../traveller.ts";
import { answersFor } from "./arp.ts";
import { deafPortOf, shutPortOf } from "./deaf-port.ts";
import { loseDiscovery } from "./discovery.ts";
import { isLeaving, leavingOf } from "./leave.ts";
import { endAtDeadLink } from "./link-state.ts";
import { comesInAt } from "./routed.ts";
import { hearersBeyond, type Station } from "./stations.ts";

type Resolving = Extract<Stage, { at: "neighbour" }>;

/** ip_finish_output2, neigh_resolve_output: the MAC address that the frame is sent to. */
export function resolveNeighbour(traveller: Traveller, stage: Resolving): readonly Move[] {
  const netns = traveller.netns(stage.netns);
  const link = linkIn(netns, stage.dev);
  if (isNotKnown(link)) return traveller.unknown(netns.id, stage.dev, link);
  const dead = endAtDeadLink(traveller, netns, link);
  if (dead !== null) return dead;
  const read: Read = { of: "neighbour", netns: netns.id, dev: link.name, ip: stage.nextHop };
  traveller.ask(read);
  const entry = netns.neighbours.known ? neighbourOf(netns.neighbours.value, link.name, stage.nextHop) : null;
  if (!asksForNeighbours(link) && entry?.state !== "PERMANENT") {
    // arp_constructor, ndisc_constructor: everybody whom no entry names has the link's own MAC address.
    const own = { ip: stage.nextHop, dev: link.name, mac: link.mac, state: "NOARP" };
    traveller.step("neighbour", netns.id, link.name, entryText(own), link.because);
    return sendTo(traveller, netns, link, stage, link.mac, { of: "link", netns: netns.id, name: link.name });
  }
  // The question that was asked of this host put right what it had learnt before (neigh_event_ns).
  const heard =
    entry !== null && isFixed(entry)
      ? undefined
      : traveller.heard.get(`${netns.id} ${link.name} ${stage.nextHop.text}`);
  if (entry !== null && isUsable(entry) && (heard === undefined || heard === entry.mac)) {
    traveller.step("neighbour", netns.id, link.name, entryText(entry), entry.because);
    return sendTo(traveller, netns, link, stage, entry.mac, read);
  }
  if (heard !== undefined) {
    traveller.step("neighbour", netns.id, link.name, `${stage.nextHop.text} dev ${link.name} lladdr ${heard}`);
    return sendTo(traveller, netns, link, stage, heard, read);
  }
  // Whoever sent the request is there to answer, though nobody asked it for its facts.
  if (isLeaving(traveller, netns)) return sendTo(traveller, netns, link, stage, null, read);
  return askAround(traveller, netns, link, stage, entry, read);
}

/** ARP or neighbour discovery: the kernel asks anew, also after it failed before. */
function askAround(
  traveller: Traveller,
  netns: Netns,
  link: Link,
  stage: Resolving,
  entry: Neighbour | null,
  read: Read,
): readonly Move[] {
  const { nextHop } = stage;
  const { stations, gaps } = hearersBeyond(traveller.world, netns, link);
  traveller.ask({ of: "wire", netns: netns.id, link: link.name });
  const refusals: Read[] = [];
  const doubts: Phrase[] = [];
  const answering: Station[] = [];
  const sender = askingAddress(traveller, netns, link, nextHop);
  for (const station of stations) {
    if (station.netns.id === netns.id && station.link.name === link.name) continue;
    const alone = stations.length === 1;
    const answer = answersFor(
      { netns: station.netns, link: station.link, target: nextHop, sender, alone },
      traveller.ask,
    );
    if (answer.is === "yes") answering.push(station);
    else if (answer.is === "no") refusals.push(...answer.reads);
    else doubts.push(answer.why);
  }
  const live = answering.filter((s) => s.down === null);
  const macs = [...new Set(live.map((s) => s.link.mac))];
  const at = { netns: netns.id, link: link.name };
  if (macs.length > 0) {
    return traveller.split(
      macs,
      () => (macs.length === 1 ? 1 : null),
      (fork, mac) => {
        const owner = live.find((s) => s.link.mac === mac);
        // Who answers also learns who asked (neigh_event_ns).
        if (owner !== undefined && sender !== null && link.mac !== null) {
          fork.heard.set(`${owner.netns.id} ${owner.link.name} ${sender.text}`, link.mac);
        }
        const mute =
          nextHop.family === 6 && owner !== undefined ? loseDiscovery(fork, { netns, link }, owner, nextHop) : null;
        if (mute !== null) {
          for (const asked of mute.decidedBy) fork.ask(asked);
          fork.step("arp", netns.id, link.name, phrase("answer-lost", { address: nextHop.text, mac, at: mute.at }));
          return fork.end({ ...at, disposition: "NEIGHBOUR_FAILED", decidedBy: [read, ...mute.decidedBy] });
        }
        const lost =
          link.kind === "vxlan" && owner !== undefined ? loseAnswer(fork, netns, link, owner, nextHop) : null;
        if (lost !== null) {
          fork.step("arp", netns.id, link.name, phrase("answer-lost", { address: nextHop.text, mac, at: lost.netns }));
          if (lost.unknown !== null) return fork.unknown(netns.id, link.name, lost.unknown, lost.decidedBy);
          return fork.end({ ...at, disposition: "NEIGHBOUR_FAILED", decidedBy: [read, ...lost.decidedBy] });
        }
        const port =
          deafPortOf(fork.world, netns, link) ??
          shutPortOf(fork.world, netns, link) ??
          (owner === undefined ? null : shutPortOf(fork.world, owner.netns, owner.link));
        if (port !== null) {
          fork.ask(port);
          fork.step("arp", netns.id, link.name, phrase("answer-lost", { address: nextHop.text, mac, at: port.netns }));
          return fork.end({ ...at, disposition: "NEIGHBOUR_FAILED", decidedBy: [read, port] });
        }
        if (nextHop.family === 4 && owner !== undefined) {
          for (const end of [{ netns, link }, owner]) {
            const doubt = doubtArp(end.netns, "arp", ["INPUT", "OUTPUT"], [end.link.name]);
            if (doubt !== null) return fork.unknown(netns.id, link.name, doubt, [read]);
          }
        }
        if (mac !== null) fork.answered.add(mac);
        fork.step("arp", netns.id, link.name, `${nextHop.text} is-at ${mac ?? "?"}`, owner?.link.because ?? null);
        return sendTo(fork, netns, link, stage, mac, read);
      },
    );
  }
  const words = entry === null ? `${nextHop.text} dev ${link.name}` : entryText(entry);
  traveller.step("arp", netns.id, link.name, words, entry?.because ?? null);
  const asleep = answering.find((s) => s.down !== null)?.down ?? null;
  if (asleep !== null) {
    const linkRead: Read = { of: "link", netns: asleep.netns, name: asleep.link };
    traveller.ask(linkRead);
    return traveller.end({ ...at, disposition: "RECEIVER_LINK_DOWN", decidedBy: [linkRead] });
  }
  const because = entry?.because ?? null;
  const tried = entry?.state === "FAILED" || entry?.state === "INCOMPLETE";
  if (doubts[0] !== undefined) return traveller.unknown(netns.id, link.name, { why: doubts[0], because }, [read]);
  if (!netns.neighbours.known) {
    const why = phrase("neighbours-unknown", { netns: netns.id, why: netns.neighbours.why });
    return traveller.unknown(netns.id, link.name, { why, because: null }, [read]);
  }
  if (tried) return traveller.end({ ...at, disposition: "NEIGHBOUR_FAILED", decidedBy: [read, ...refusals] });
  if (gaps[0] !== undefined && refusals.length === 0) {
    traveller.resolvedBy = { read, ip: nextHop };
    // A router that was not collected answers for itself.
    if (comesInAt(traveller, netns, link) !== null) return sendTo(traveller, netns, link, stage, null, read);
    const why = phrase("next-hop-stranger", { netns: netns.id, link: link.name, address: nextHop.text, why: gaps[0] });
    return traveller.unknown(netns.id, link.name, { why, because }, [read], leavingOf(traveller));
  }
  return traveller.end({ ...at, disposition: "NO_SUCH_HOST", decidedBy: [read, ...refusals] });
}

/** Through a tunnel the answer has a way of its own to go: where it ends, unless it comes back. */
function loseAnswer(traveller: Traveller, netns: Netns, link: Link, owner: Station, target: Ip): Branch | null {
  if (traveller.drive === null) return null;
  const bare: Packet = {
    headers: [
      { kind: "ethernet", src: owner.link.mac, dst: link.mac },
      { kind: "ip", src: target, dst: target, ttl: 64, protocol: PROTOCOL.icmp, df: false },
    ],
    bytes: 28,
    mark: 0,
    ct: "NEW",
  };
  const answer = new Traveller(traveller.world, traveller.flow, traveller.leg, 1, bare);
  answer.drive = traveller.drive;
  answer.isArp = true;
  if (link.mac !== null && owner.link.vxlan?.learning === true && link.vxlan?.local != null) {
    answer.snooped.set(`${owner.netns.id} ${owner.link.name} ${link.mac}`, link.vxlan.local);
  }
  const start = { at: "transmit", netns: owner.netns.id, link: owner.link.name, nextHop: null } as const;
  const { ended, stopped } = traveller.drive(
    answer.go(start),
    (stage) => stage.at === "receive" && stage.netns === netns.id && stage.link === link.name,
  );
  for (const read of answer.reads) traveller.ask(read);
  return stopped > 0 ? null : (ended[0] ?? null);
}

/** arp_solicit: the packet's own source where it is one of this netns, else an address of the link. */
function askingAddress(traveller: Traveller, netns: Netns, link: Link, target: Ip): Ip | null {
  const { src } = outerIp(traveller.packet);
  if (netns.routes.known && isLocalAddress(netns.routes.value, src)) return src;
  if (!netns.links.known) return null;
  return target.family === 4
    ? selectIpv4(netns.links.value, link, target, 253)
    : selectIpv6(netns.links.value, link, target);
}

function sendTo(
  traveller: Traveller,
  netns: Netns,
  link: Link,
  stage: Resolving,
  mac: string | null,
  read: Read,
): readonly Move[] {
  traveller.resolvedBy = { read, ip: stage.nextHop };
  traveller.packet = withFrame(traveller.packet, link.mac, mac);
  if (stage.bridgedFrom !== null) {
    const from = stage.bridgedFrom;
    return traveller.go({ at: "bridge-forward", netns: netns.id, bridge: link.name, from, filtered: true });
  }
  return traveller.go({ at: "transmit", netns: netns.id, link: link.name, nextHop: stage.nextHop });
}

/** As `ip neigh` prints it. */
export function entryText(entry: { ip: Ip; dev: string; mac: string | null; state: string }): string {
  const mac = entry.mac === null ? "" : ` lladdr ${entry.mac}`;
  return `${entry.ip.text} dev ${entry.dev}${mac} ${entry.state}`;
}
