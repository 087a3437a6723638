import { type Ip, ip, ipFromValue, sameIp } from "../../../facts/ip.ts";
import { neighbourOf } from "../../../facts/lookup/neighbours.ts";
import { isLinkLocal } from "../../../facts/lookup/source-address.ts";
import type { Link, Netns } from "../../../facts/netns.ts";
import { passHook } from "../hooks.ts";
import { outerIp, type Packet } from "../packet.ts";
import { PROTOCOL } from "../packet-parts.ts";
import type { Read } from "../reads.ts";
import { type Move, Traveller } from "../traveller.ts";

const SOLICITATION = 135;
const ADVERTISEMENT = 136;
const SOLICITED_NODE = ip("ff02::1:ff00:0");
/** An ethernet header aside: IPv6, ICMPv6, the target and one address option. */
const BYTES = 72;

/** One end of a question: a link in its netns. */
export interface Asker {
  readonly netns: Netns;
  readonly link: Link;
}

/**
 * Neighbour discovery is IPv6 itself, and ip6tables sees it, as it never sees ARP. Null: the question and its answer get
 * through, or may. Else what keeps them: what the sender lacks, rules, or the entry under which the owner knows the sender.
 */
export function loseDiscovery(
  traveller: Traveller,
  asker: Asker,
  owner: Asker,
  target: Ip,
): { readonly decidedBy: readonly Read[]; readonly at: string } | null {
  const sender = solicitingAddress(asker.link, outerIp(traveller.packet).src);
  if (sender === null) {
    const read: Read = { of: "link", netns: asker.netns.id, name: asker.link.name };
    return { decidedBy: [read], at: asker.netns.id };
  }
  const asking = new Traveller(
    traveller.world,
    traveller.flow,
    traveller.leg,
    1,
    message(SOLICITATION, sender, target),
  );
  const moves = cross(asking, asker, owner, (heard) => {
    heard.packet = message(ADVERTISEMENT, target, sender);
    return cross(heard, owner, asker, (back) =>
      back.go({ at: "deliver", netns: asker.netns.id, iif: asker.link.name }),
    );
  });
  const ends = moves.flatMap((move) => ("branch" in move && move.branch.end !== "UNKNOWN" ? [move.branch] : []));
  const [first] = ends;
  if (first !== undefined && ends.length === moves.length) return { decidedBy: first.decidedBy, at: first.netns };
  return misdirected(asker, owner, sender);
}

/** The owner learns the sender's MAC address from the question, unless its own entry is not to be changed (neigh_update). */
function misdirected(asker: Asker, owner: Asker, sender: Ip) {
  const { neighbours, id } = owner.netns;
  const entry = neighbours.known ? neighbourOf(neighbours.value, owner.link.name, sender) : null;
  if (entry === null || entry.mac === null || asker.link.mac === null) return null;
  if (entry.state !== "PERMANENT" || entry.mac.toLowerCase() === asker.link.mac.toLowerCase()) return null;
  const read: Read = { of: "neighbour", netns: id, dev: owner.link.name, ip: sender };
  return { decidedBy: [read], at: id };
}

/** ndisc_solicit: the packet's own source where that link has it, else the link's link-local address, and without one nothing is asked. */
function solicitingAddress(link: Link, src: Ip): Ip | null {
  const own = link.addresses.find((a) => sameIp(a.ip, src));
  return (own ?? link.addresses.find((a) => isLinkLocal(a.ip)))?.ip ?? null;
}

function message(type: number, src: Ip, dst: Ip): Packet {
  const to = type === SOLICITATION ? ipFromValue(6, SOLICITED_NODE.value | (dst.value & 0xffffffn)) : dst;
  return {
    headers: [
      { kind: "ip", src, dst: to, ttl: 255, protocol: PROTOCOL.icmpv6, df: false },
      { kind: "icmp", type, code: 0, id: 0 },
    ],
    bytes: BYTES,
    mark: 0,
    ct: "UNTRACKED",
  };
}

/** ndisc_send_skb there, ipv6_rcv and ip6_input here. */
function cross(traveller: Traveller, from: Asker, to: Asker, then: (traveller: Traveller) => readonly Move[]) {
  const out = { netns: from.netns, iif: null, oif: from.link.name, link: from.link.name };
  const here = { netns: to.netns, iif: to.link.name, oif: null, link: to.link.name };
  const rest = { physIn: null, physOut: null, nextHop: null };
  return passHook(traveller, { ...out, ...rest, hook: "OUTPUT" }, (sent) =>
    passHook(sent, { ...out, ...rest, hook: "POSTROUTING" }, (left) => {
      left.forgetConnection();
      left.packet = { ...left.packet, mark: 0 };
      return passHook(left, { ...here, ...rest, hook: "PREROUTING" }, (come) =>
        passHook(come, { ...here, ...rest, hook: "INPUT" }, then),
      );
    }),
  );
}
