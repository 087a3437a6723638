import { type Ip, sameIp } from "../../../facts/ip.ts";
import type { Link, Netns } from "../../../facts/netns.ts";
import { phrase } from "../../../facts/phrase.ts";
import { outerIp } from "../packet.ts";
import { payloadOf } from "../packet-parts.ts";
import type { Read } from "../reads.ts";
import type { Move, Traveller } from "../traveller.ts";
import { isIpTunnel } from "./ip-tunnel.ts";

/** Is there a packet inside that a tunnel device may take? */
export function isTunnelled(traveller: Traveller): boolean {
  return traveller.packet.headers.filter((h) => h.kind === "ip").length > 1;
}

/** vxlan_rcv, ipip_rcv, ipgre_rcv: the tunnel device for which the packet was made. */
export function decapsulate(traveller: Traveller, netns: Netns, iif: string): readonly Move[] {
  const ip = outerIp(traveller.packet);
  if (!netns.links.known) {
    const why = phrase("links-unknown", { netns: netns.id, why: netns.links.why });
    return traveller.unknown(netns.id, iif, { why, because: null });
  }
  const payload = payloadOf(traveller.packet);
  const candidates =
    payload?.kind === "udp"
      ? netns.links.value.filter((l) => l.kind === "vxlan" && l.vxlan !== null)
      : netns.links.value.filter((l) => isIpTunnel(l) && takesProtocol(l, ip.protocol));
  for (const link of candidates) traveller.ask({ of: "link", netns: netns.id, name: link.name });
  const external = netns.links.value.find((l) => l.up && (l.vxlan?.external === true || l.tunnel?.external === true));
  const taker =
    payload?.kind === "udp"
      ? vxlanFor(traveller, candidates, payload.dport)
      : bestTunnel(
          candidates.filter((l) => l.up),
          ip.src,
          ip.dst,
        );
  if (taker === undefined) {
    if (external !== undefined) {
      const why = phrase("external-tunnel", { netns: netns.id, link: external.name });
      return traveller.unknown(netns.id, iif, { why, because: external.because });
    }
    const decidedBy = candidates.map((l): Read => ({ of: "link", netns: netns.id, name: l.name }));
    traveller.step("decapsulate", netns.id, iif, phrase("no-tunnel-device"));
    return traveller.end({ disposition: "TUNNEL_NO_DEVICE", netns: netns.id, link: iif, decidedBy });
  }
  return unwrap(traveller, netns, taker);
}

function unwrap(traveller: Traveller, netns: Netns, link: Link): readonly Move[] {
  const { headers, bytes } = traveller.packet;
  const outerAt = headers.findIndex((h) => h.kind === "ip");
  const innerIpAt = headers.findIndex((h, i) => i > outerAt && h.kind === "ip");
  const innerAt = headers[innerIpAt - 1]?.kind === "ethernet" ? innerIpAt - 1 : innerIpAt;
  const vxlan = link.kind === "vxlan";
  const outer = outerIp(traveller.packet);
  const outerFamily = outer.src.family;
  const overhead = (outerFamily === 4 ? 20 : 40) + (vxlan ? 30 : headers[outerAt + 1]?.kind === "gre" ? 4 : 0);
  traveller.packet = { ...traveller.packet, headers: headers.slice(innerAt), bytes: bytes - overhead };
  traveller.forgetConnection();
  traveller.step("decapsulate", netns.id, link.name, `dev ${link.name}`, link.because);
  const frame = headers[innerAt];
  if (vxlan && frame?.kind === "ethernet" && frame.src !== null && frame.src === link.mac) {
    // vxlan_set_mac: one's own MAC address as source is taken for a loop.
    const read: Read = { of: "link", netns: netns.id, name: link.name };
    return traveller.end({ disposition: "WRONG_MAC", netns: netns.id, link: link.name, decidedBy: [read] });
  }
  if (vxlan && link.vxlan?.learning === true && frame?.kind === "ethernet" && frame.src !== null) {
    traveller.snooped.set(`${netns.id} ${link.name} ${frame.src}`, outer.src);
  }
  return traveller.go({ at: "receive", netns: netns.id, link: link.name });
}

/** vxlan_vs_find_vni, on a socket that exists only while a device of that port is up. */
function vxlanFor(traveller: Traveller, links: readonly Link[], port: number): Link | undefined {
  const header = traveller.packet.headers.find((h) => h.kind === "vxlan");
  return links.find((l) => l.up && l.vxlan?.dstPort === port && l.vxlan.vni === header?.vni);
}

/** ip_tunnel_lookup: both ends match, then the remote, then the local one, then any (tunl0). */
function bestTunnel(links: readonly Link[], remote: Ip, local: Ip): Link | undefined {
  const fits = (own: Ip | null, packet: Ip) => own === null || sameIp(own, packet);
  const fitting = links.filter((l) => fits(l.tunnel?.remote ?? null, remote) && fits(l.tunnel?.local ?? null, local));
  const rank = (l: Link) => (l.tunnel?.remote != null ? 2 : 0) + (l.tunnel?.local != null ? 1 : 0);
  return [...fitting].sort((a, b) => rank(b) - rank(a))[0];
}

/** Protocol 4, 41 or 47, by the kind of device. */
function takesProtocol(link: Link, protocol: number): boolean {
  if (link.kind === "gre" || link.kind === "ip6gre") return protocol === 47;
  if (link.kind === "ipip") return protocol === 4;
  if (link.kind === "sit") return protocol === 41 || (protocol === 4 && link.tunnel?.mode !== "ipv6/ip");
  return protocol === 4 || protocol === 41;
}
