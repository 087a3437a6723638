import type { Ip } from "../../../facts/ip.ts";
import { remotesOf, ZERO_MAC } from "../../../facts/lookup/fdb.ts";
import { isLocalAddress } from "../../../facts/lookup/routes.ts";
import type { FdbEntry, Link, Netns, Vxlan } from "../../../facts/netns.ts";
import { phrase } from "../../../facts/phrase.ts";
import { sendFrom } from "../local/send.ts";
import type { Header } from "../packet.ts";
import { frameOf, PROTOCOL, withFrame } from "../packet-parts.ts";
import type { Read } from "../reads.ts";
import type { Move, Traveller } from "../traveller.ts";

interface Remote {
  readonly ip: Ip;
  readonly port: number;
  readonly vni: number;
  readonly via: string | null;
  /** Null: learnt on the way. */
  readonly entry: FdbEntry | null;
}

/** Any of the ephemeral range: the kernel takes a hash of the inner flow (udp_flow_src_port). */
const SOURCE_PORT = 49152;

/** vxlan_xmit: the FDB names the far node by the frame's MAC address, else there are default remotes. */
export function encapsulateInVxlan(traveller: Traveller, netns: Netns, link: Link): readonly Move[] {
  const mac = frameOf(traveller.packet)?.dst ?? ZERO_MAC;
  const at = { netns: netns.id, link: link.name };
  const read: Read = { of: "fdb", netns: netns.id, dev: link.name, mac };
  traveller.ask(read);
  const { vxlan } = link;
  if (vxlan === null || vxlan.external || vxlan.vni === null) {
    const why = phrase("external-remotes", { netns: netns.id, link: link.name });
    return traveller.unknown(netns.id, link.name, { why, because: link.because }, [read]);
  }
  if (!netns.fdb.known) {
    const why = phrase("fdb-unread", { netns: netns.id, link: link.name, why: netns.fdb.why });
    return traveller.unknown(netns.id, link.name, { why, because: null }, [read]);
  }
  const snooped = traveller.snooped.get(`${netns.id} ${link.name} ${mac}`);
  const remotes = remotesFor(netns.fdb.value, link, vxlan, mac, snooped ?? null);
  if (remotes.length === 0) {
    if (vxlan.group !== null) {
      const why = phrase("multicast-flood", { netns: netns.id, link: link.name, group: vxlan.group.text });
      return traveller.unknown(netns.id, link.name, { why, because: link.because }, [read]);
    }
    traveller.step("encapsulate", netns.id, link.name, phrase("no-fdb-entry", { mac }), link.because);
    return traveller.end({ ...at, disposition: "TUNNEL_NO_REMOTE", decidedBy: [read] });
  }
  const remote = remotes.length === 1 ? remotes[0] : likeliest(traveller, remotes, mac);
  if (remote === undefined) {
    const why = phrase("no-remote-known", { mac, link: link.name, count: remotes.length });
    return traveller.unknown(netns.id, link.name, { why, because: link.because }, [read]);
  }
  return sendOuter(traveller, netns, link, vxlan, remote, mac);
}

function sendOuter(
  traveller: Traveller,
  netns: Netns,
  link: Link,
  vxlan: Vxlan,
  remote: Remote,
  mac: string,
): readonly Move[] {
  const { entry } = remote;
  const detail = `${entry?.mac ?? mac} dev ${link.name} dst ${remote.ip.text} vni ${remote.vni} port ${remote.port}`;
  traveller.step("encapsulate", netns.id, link.name, detail, entry?.because ?? link.because);
  traveller.forgetConnection();
  traveller.resolvedBy = null;
  if (netns.routes.known && isLocalAddress(netns.routes.value, remote.ip))
    return bypass(traveller, netns, link, remote);
  const inner = traveller.packet;
  const udp: Header = { kind: "udp", sport: SOURCE_PORT, dport: remote.port };
  const family = remote.ip.family;
  return sendFrom(traveller, {
    netns: netns.id,
    link: link.name,
    madeBy: { of: "link", netns: netns.id, name: link.name },
    fits: "fragments",
    key: {
      dst: remote.ip,
      src: vxlan.local,
      oif: remote.via,
      mark: inner.mark,
      protocol: PROTOCOL.udp,
      sport: SOURCE_PORT,
      dport: remote.port,
    },
    packet: (src) => ({
      ...inner,
      bytes: inner.bytes + 14 + 8 + 8 + (family === 4 ? 20 : 40),
      headers: [
        { kind: "ip", src, dst: remote.ip, ttl: 64, protocol: PROTOCOL.udp, df: false },
        udp,
        { kind: "vxlan", vni: remote.vni },
        ...inner.headers,
      ],
    }),
  });
}

/**
 * encap_bypass_if_local: the remote is this netns itself, so the device of that VNI and port here takes the frame, under whatever MAC
 * address: it is handed over as its own (vxlan_encap_bypass sets PACKET_HOST).
 */
function bypass(traveller: Traveller, netns: Netns, link: Link, remote: Remote): readonly Move[] {
  const here: Read = { of: "local-address", netns: netns.id, ip: remote.ip };
  traveller.ask(here);
  const links = netns.links.known ? netns.links.value : [];
  const taker = links.find((l) => l.up && l.vxlan?.vni === remote.vni && l.vxlan.dstPort === remote.port);
  if (taker === undefined) {
    const at = { netns: netns.id, link: link.name };
    return traveller.end({ ...at, disposition: "TUNNEL_NO_DEVICE", decidedBy: [here] });
  }
  traveller.step("decapsulate", netns.id, taker.name, `local ${remote.ip.text} dev ${taker.name}`, taker.because);
  traveller.packet = withFrame(traveller.packet, frameOf(traveller.packet)?.src ?? null, taker.mac);
  return traveller.go({ at: "receive", netns: netns.id, link: taker.name });
}

function remotesFor(
  fdb: readonly FdbEntry[],
  link: Link,
  vxlan: Vxlan,
  mac: string,
  snooped: Ip | null,
): readonly Remote[] {
  // `remote` of a device is an all-zero entry from the start; deleted, it is gone (vxlan_find_mac).
  const exact = remotesOf(fdb, link.name, mac);
  // What the device learns replaces all but permanent entries (vxlan_snoop).
  if (snooped !== null && exact[0]?.permanent !== true) {
    return [{ ip: snooped, port: vxlan.dstPort, vni: vxlan.vni ?? 0, via: null, entry: null }];
  }
  const entries = exact.length > 0 ? exact.slice(0, 1) : remotesOf(fdb, link.name, ZERO_MAC);
  return entries.flatMap((entry) =>
    entry.dst === null
      ? []
      : [
          {
            ip: entry.dst,
            port: entry.dstPort ?? vxlan.dstPort,
            vni: entry.vni ?? vxlan.vni ?? 0,
            via: entry.via,
            entry,
          },
        ],
  );
}

/**
 * A copy goes to each default remote. The one behind which somebody has the MAC address is followed; when nobody has it, the one
 * that goes to whom it was meant for, who will not take it either.
 */
function likeliest(traveller: Traveller, remotes: readonly Remote[], mac: string): Remote | undefined {
  const meant = traveller.resolvedBy?.ip ?? null;
  const leadsTo = (isThere: (netns: Netns) => boolean) =>
    remotes.find((remote) =>
      [...traveller.world.netns.values()].some((netns) => {
        if (!netns.links.known) return false;
        return netns.links.value.some((l) => l.addresses.some((a) => a.ip.text === remote.ip.text)) && isThere(netns);
      }),
    );
  return (
    leadsTo((netns) => netns.links.known && netns.links.value.some((l) => l.mac === mac)) ??
    leadsTo((netns) => meant !== null && netns.routes.known && isLocalAddress(netns.routes.value, meant))
  );
}
