import { bracketed, sameIp, withPort } from "../../../facts/ip.ts";
import { isLocalAddress } from "../../../facts/lookup/routes.ts";
import { isQueueFull, socketsFor } from "../../../facts/lookup/sockets.ts";
import type { Netns } from "../../../facts/netns.ts";
import { type Phrase, phrase } from "../../../facts/phrase.ts";
import type { Provenance } from "../../../facts/provenance.ts";
import { linksOf } from "../../../facts/world.ts";
import { passHook } from "../hooks.ts";
import { outerIp, type Packet } from "../packet.ts";
import { payloadOf } from "../packet-parts.ts";
import type { Read } from "../reads.ts";
import type { Stage } from "../stage.ts";
import { askSysctl, settingText } from "../sysctl.ts";
import type { Move, Traveller } from "../traveller.ts";
import { decapsulate, isTunnelled } from "../tunnel/decapsulate.ts";
import { fitsAwaited } from "./awaited.ts";

/** ip_local_deliver: INPUT, then whoever takes it. */
export function localIn(traveller: Traveller, stage: Extract<Stage, { at: "local-in" }>): readonly Move[] {
  const netns = traveller.netns(stage.netns);
  const { iif, physIn } = stage;
  const pass = {
    netns,
    hook: "INPUT",
    iif,
    oif: null,
    physIn,
    physOut: null,
    link: iif,
    nextHop: null,
  } as const;
  return passHook(traveller, pass, (fork) => fork.go({ at: "deliver", netns: netns.id, iif }));
}

/** A tunnel's device, the kernel's own echo, a socket; or, on the way back, the socket that began it all. */
export function deliver(traveller: Traveller, stage: Extract<Stage, { at: "deliver" }>): readonly Move[] {
  const netns = traveller.netns(stage.netns);
  traveller.step("local-deliver", netns.id, stage.iif, outerIp(traveller.packet).dst.text);
  if (isTunnelled(traveller)) return decapsulate(traveller, netns, stage.iif);
  if (traveller.leg === "reply") return deliverReply(traveller, netns, stage.iif);
  const payload = payloadOf(traveller.packet);
  if (payload?.kind === "icmp") return answerEcho(traveller, netns, stage.iif);
  if (payload?.kind === "tcp" || payload?.kind === "udp") {
    const balancer = virtualServerFor(netns, traveller.packet, payload.kind, payload.dport);
    if (balancer !== null) return traveller.unknown(netns.id, stage.iif, balancer);
    return findSocket(traveller, netns, stage.iif, payload.kind, payload.dport);
  }
  const why = phrase("protocol-not-modelled", { netns: netns.id, protocol: outerIp(traveller.packet).protocol });
  return traveller.unknown(netns.id, stage.iif, { why, because: null });
}

/**
 * ip_vs_in_hook stands in INPUT, after the filter table: before any socket. Where the virtual servers were not read, an address of
 * a dummy link may be one: that is where kube-proxy puts them (kube-ipvs0).
 */
function virtualServerFor(
  netns: Netns,
  packet: Packet,
  protocol: "tcp" | "udp",
  port: number,
): { readonly why: Phrase; readonly because: Provenance | null } | null {
  const { dst } = outerIp(packet);
  if (!netns.virtualServers.known) {
    const dummy = linksOf(netns).find((l) => l.kind === "dummy" && l.addresses.some((a) => sameIp(a.ip, dst)));
    if (dummy === undefined) return null;
    return { why: phrase("ipvs-unknown", { address: dst.text, link: dummy.name }), because: dummy.because };
  }
  const server = netns.virtualServers.value.find((v) =>
    v.ip === null
      ? v.fwmark === packet.mark
      : v.protocol === protocol && sameIp(v.ip, dst) && (v.port === port || v.port === 0),
  );
  if (server === undefined) return null;
  return {
    why: phrase("ipvs-not-modelled", { node: netns.node, address: bracketed(dst), port, servers: server.realServers }),
    because: server.because,
  };
}

/** icmp_echo, icmpv6_echo_reply. */
function answerEcho(traveller: Traveller, netns: Netns, iif: string): readonly Move[] {
  const at = { netns: netns.id, link: iif };
  const family = outerIp(traveller.packet).dst.family;
  const key = family === 4 ? "net.ipv4.icmp_echo_ignore_all" : "net.ipv6.icmp.echo_ignore_all";
  const ignore = askSysctl(netns, key, traveller.ask);
  // Unread it has the default, which nobody's namespace departs from unnoticed: every ping would fail.
  if (ignore.value !== null && ignore.value !== 0) {
    traveller.step("socket", netns.id, iif, settingText(ignore), ignore.fact?.because ?? null);
    return traveller.end({ ...at, disposition: "PORT_CLOSED", decidedBy: [ignore.read] });
  }
  traveller.step("socket", netns.id, iif, "icmp echo");
  return traveller.end({ ...at, disposition: "DELIVERED", decidedBy: [] });
}

function findSocket(
  traveller: Traveller,
  netns: Netns,
  iif: string,
  protocol: "tcp" | "udp",
  port: number,
): readonly Move[] {
  const at = { netns: netns.id, link: iif };
  const read: Read = { of: "socket", netns: netns.id, protocol, port };
  traveller.ask(read);
  if (!netns.sockets.known) {
    const why = phrase("listener-unknown", { netns: netns.id, protocol, port, why: netns.sockets.why });
    return traveller.unknown(netns.id, iif, { why, because: null }, [read]);
  }
  const { dst } = outerIp(traveller.packet);
  const sockets = socketsFor(netns.sockets.value, protocol, dst, port, iif);
  const [socket] = sockets;
  if (socket === undefined) {
    traveller.step("socket", netns.id, iif, phrase("nobody-listens", { protocol, address: bracketed(dst), port }));
    return traveller.end({ ...at, disposition: "PORT_CLOSED", decidedBy: [read] });
  }
  const words = `${protocol} ${socket.state} ${socket.local?.text ?? "*"}:${port} ${socket.process ?? ""}`.trim();
  traveller.step("socket", netns.id, iif, words, socket.because);
  if (protocol === "tcp" && sockets.every(isQueueFull)) {
    return traveller.end({ ...at, disposition: "LISTEN_QUEUE_FULL", decidedBy: [read] });
  }
  const isProxy = traveller.redirectedIn.has(netns.id) && !isOwn(netns, traveller);
  return traveller.end({ ...at, disposition: isProxy ? "PROXIED" : "DELIVERED", decidedBy: [read] });
}

/** Was the address that the sender named one of this netns's own? Then a redirect only changed the port. */
function isOwn(netns: Netns, traveller: Traveller): boolean {
  const named = traveller.connection?.original.dst ?? null;
  return named !== null && netns.routes.known && isLocalAddress(netns.routes.value, named);
}

/** The answer counts only if it reaches the one who asked, and as the answer to the question. */
function deliverReply(traveller: Traveller, netns: Netns, iif: string): readonly Move[] {
  const at = { netns: netns.id, link: iif };
  const awaited = traveller.awaited;
  if (awaited === null) throw new Error("a reply that nobody awaits");
  const ip = outerIp(traveller.packet);
  const payload = payloadOf(traveller.packet);
  const ports = payload?.kind === "tcp" || payload?.kind === "udp" ? payload : null;
  const detail = `${withPort(ip.src, ports?.sport ?? null)} → ${withPort(ip.dst, ports?.dport ?? null)}`;
  traveller.step("socket", netns.id, iif, detail);
  const isForSender = netns.id === traveller.flow.from && ip.dst.text === awaited.dst.text;
  if (!isForSender) {
    // It went to somebody else: routes and translations led it there.
    const decidedBy = traveller.reads.filter((r) => r.of === "route" || r.of === "conntrack").slice(-2);
    return traveller.end({ ...at, disposition: "PORT_CLOSED", decidedBy });
  }
  if (fitsAwaited(traveller)) return traveller.end({ ...at, disposition: "DELIVERED", decidedBy: [] });
  // A bridge that let it by where the connection was translated, out of conntrack's sight.
  const unseen = [...traveller.unseenBy].flatMap(([at, reads]) => (traveller.connections.has(at) ? reads : []));
  const decidedBy = unseen.length > 0 ? unseen : traveller.reads.filter((r) => r.of === "route");
  return traveller.end({ ...at, disposition: "NAT_UNDONE_ELSEWHERE", decidedBy });
}
