import type { Ip } from "../../../facts/ip.ts";
import type { IpTunnel, Link, Netns } from "../../../facts/netns.ts";
import { phrase } from "../../../facts/phrase.ts";
import { sendFrom } from "../local/send.ts";
import { type Header, outerIp } from "../packet.ts";
import { PROTOCOL, withoutFrame } from "../packet-parts.ts";
import type { Read } from "../reads.ts";
import type { Move, Traveller } from "../traveller.ts";

/** rtnl_link_ops names of tunnels that put IP into IP, with or without GRE between. */
const KINDS = new Set(["ipip", "gre", "sit", "ip6tnl", "ip6gre"]);

export function isIpTunnel(link: Link): boolean {
  return KINDS.has(link.kind) && link.tunnel !== null && !link.tunnel.external;
}

/** The IP protocol number that a tunnel's packets carry. */
export function outerProtocol(kind: string, innerFamily: 4 | 6): number {
  if (kind === "gre" || kind === "ip6gre") return PROTOCOL.gre;
  return innerFamily === 4 ? PROTOCOL.ipip : PROTOCOL.ipv6;
}

/** ip_tunnel_xmit (net/ipv4/ip_tunnel.c): without a remote of its own it goes to the route's next hop. */
export function encapsulateInIp(traveller: Traveller, netns: Netns, link: Link, nextHop: Ip | null): readonly Move[] {
  const tunnel = link.tunnel;
  if (tunnel === null) throw new Error(`${link.name} is no tunnel`);
  const at = { netns: netns.id, link: link.name };
  const inner = withoutFrame(traveller.packet);
  const innerIp = outerIp(inner);
  const remote = tunnel.remote ?? nextHop;
  const read: Read = { of: "link", netns: netns.id, name: link.name };
  const outerFamily = link.kind.startsWith("ip6") ? 6 : 4;
  if (remote === null || remote.family !== outerFamily) {
    traveller.step("encapsulate", netns.id, link.name, phrase("no-remote"), link.because);
    return traveller.end({ ...at, disposition: "TUNNEL_NO_REMOTE", decidedBy: [read, ...lastRoutes(traveller)] });
  }
  const overhead = (outerFamily === 4 ? 20 : 40) + (PROTOCOL.gre === outerProtocol(link.kind, 4) ? 4 : 0);
  const protocol = outerProtocol(link.kind, innerIp.src.family);
  const gre: readonly Header[] = protocol === PROTOCOL.gre ? [{ kind: "gre", key: null }] : [];
  traveller.step(
    "encapsulate",
    netns.id,
    link.name,
    `remote ${remote.text} local ${tunnel.local?.text ?? "any"}`,
    link.because,
  );
  traveller.forgetConnection();
  traveller.resolvedBy = null;
  const { mark } = traveller.packet;
  return sendFrom(traveller, {
    netns: netns.id,
    link: link.name,
    madeBy: read,
    fits: "as-is",
    // The tunnel's own fwmark routes it, not that of the packet inside (ip_tunnel_init_flow).
    key: { dst: remote, src: tunnel.local, oif: tunnel.dev, mark: 0, protocol, sport: null, dport: null },
    packet: (src) => ({
      mark,
      ct: "NEW",
      bytes: inner.bytes + overhead,
      headers: [
        { kind: "ip", src, dst: remote, ttl: ttlOf(tunnel, innerIp.ttl), protocol, df: tunnel.pmtudisc && innerIp.df },
        ...gre,
        ...inner.headers,
      ],
    }),
  });
}

function ttlOf(tunnel: IpTunnel, inner: number): number {
  return tunnel.ttl === "inherit" || tunnel.ttl === 0 ? inner : tunnel.ttl;
}

function lastRoutes(traveller: Traveller): readonly Read[] {
  return traveller.reads.filter((r) => r.of === "route").slice(-1);
}
