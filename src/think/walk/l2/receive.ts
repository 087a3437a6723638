import { linkNamed } from "../../../facts/lookup/links.ts";
import type { Link, Netns } from "../../../facts/netns.ts";
import { phrase } from "../../../facts/phrase.ts";
import type { Packet } from "../packet.ts";
import { frameOf, withoutFrame } from "../packet-parts.ts";
import type { Read } from "../reads.ts";
import type { Stage } from "../stage.ts";
import { filterIngress } from "./filter-frame.ts";
import { isNotKnown, linkIn, type Move, type Traveller, type Ttls } from "../traveller.ts";

/** __netif_receive_skb_core: XDP, the tap, then the master of the link or the network layer. */
export function receive(traveller: Traveller, stage: Extract<Stage, { at: "receive" }>): readonly Move[] {
  const netns = traveller.netns(stage.netns);
  const link = linkIn(netns, stage.link);
  const read: Read = { of: "link", netns: netns.id, name: stage.link };
  if (isNotKnown(link)) return traveller.unknown(netns.id, stage.link, link, [read]);
  if (link.xdp) {
    const why = phrase("xdp", { netns: netns.id, link: link.name });
    return traveller.unknown(netns.id, link.name, { why, because: link.because }, [read]);
  }
  const before = seenBefore(traveller, netns, link);
  if (before !== null) {
    const last = inLastRound(traveller.packet, before);
    const decidedBy = traveller.loop ?? routesTaken(traveller);
    if (last === null) return traveller.end({ disposition: "LOOP", netns: netns.id, link: link.name, decidedBy });
    traveller.packet = last;
    traveller.loop = decidedBy;
  }
  traveller.step("tap-in", netns.id, link.name, `dev ${link.name}`, link.because);
  return filterIngress(traveller, netns, link.name, (passed) => toUpper(passed, netns, link, read));
}

function toUpper(traveller: Traveller, netns: Netns, link: Link, read: Read): readonly Move[] {
  if (traveller.vlan !== null) return untag(traveller, netns, link, traveller.vlan);
  const master = link.master === null || !netns.links.known ? null : linkNamed(netns.links.value, link.master);
  if (master?.kind === "bridge") {
    return traveller.go({ at: "bridge", netns: netns.id, bridge: master.name, port: link.name });
  }
  if (master?.kind === "bond" || master?.kind === "team") {
    return traveller.go({ at: "receive", netns: netns.id, link: master.name });
  }
  if (link.master !== null) {
    const why = phrase("master-not-modelled", {
      netns: netns.id,
      link: link.name,
      master: link.master,
      kind: master?.kind ?? null,
    });
    return traveller.unknown(netns.id, link.name, { why, because: link.because }, [read]);
  }
  const frame = frameOf(traveller.packet);
  if (frame !== null && frame.dst !== null && link.mac !== null && frame.dst !== link.mac) {
    const resolved = traveller.resolvedBy;
    traveller.step(
      "local-deliver",
      netns.id,
      link.name,
      phrase("other-mac", { dst: frame.dst, mac: link.mac }),
      link.because,
    );
    const decidedBy = resolved === null ? [read] : [resolved.read];
    return traveller.end({ disposition: "WRONG_MAC", netns: netns.id, link: link.name, decidedBy });
  }
  traveller.packet = withoutFrame(traveller.packet);
  return traveller.go({ at: "ip-receive", netns: netns.id, iif: link.name, physIn: null, prerouted: false });
}

/** vlan_do_receive: the VLAN device of that link and id takes it. */
function untag(traveller: Traveller, netns: Netns, link: Link, vlan: number): readonly Move[] {
  const upper = netns.links.known
    ? netns.links.value.find((l) => l.kind === "vlan" && l.lower === link.name && l.vlanId === vlan)
    : undefined;
  if (upper === undefined || !upper.up) {
    const why = phrase("vlan-not-modelled", { netns: netns.id, link: link.name, vlan });
    return traveller.unknown(netns.id, link.name, { why, because: link.because });
  }
  traveller.vlan = null;
  return traveller.go({ at: "receive", netns: netns.id, link: upper.name });
}

/** The same headers on the same link again, but for the TTL: it goes round. What the TTLs were then; null where it is new here. */
function seenBefore(traveller: Traveller, netns: Netns, link: Link): Ttls | null {
  const headers = traveller.packet.headers.map((h) =>
    h.kind === "ip" ? `ip ${h.src.text} ${h.dst.text} ${h.protocol}` : h.kind === "ethernet" ? "" : JSON.stringify(h),
  );
  const place = `${netns.id} ${link.name} ${traveller.packet.mark} ${headers.join("|")}`;
  const before = traveller.visited.get(place) ?? null;
  traveller.visited.set(place, ttlsOf(traveller.packet));
  return before;
}

function ttlsOf({ headers }: Packet): Ttls {
  return headers.map((h) => (h.kind === "ip" ? h.ttl : null));
}

/** As it begins the round in which a TTL runs out (ip_forward: at 1 or less); null where no round costs any. */
function inLastRound({ headers, ...packet }: Packet, before: Ttls): Packet | null {
  const spent = headers.map((h, i) => (h.kind === "ip" ? Math.max(0, (before[i] ?? h.ttl) - h.ttl) : 0));
  const rounds = headers.flatMap((h, i) => {
    const each = spent[i] ?? 0;
    return h.kind === "ip" && each > 0 ? Math.floor((h.ttl - 1) / each) : [];
  });
  if (rounds.length === 0) return null;
  const skipped = Math.max(0, Math.min(...rounds));
  return {
    ...packet,
    headers: headers.map((h, i) => (h.kind === "ip" ? { ...h, ttl: h.ttl - skipped * (spent[i] ?? 0) } : h)),
  };
}

/** A loop is made by routes: every one that the packet took. */
function routesTaken(traveller: Traveller): readonly Read[] {
  return traveller.reads.filter((r) => r.of === "route");
}
