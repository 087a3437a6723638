import type { Branch } from "../walk/branch.ts";
import type { Disposition } from "../walk/dispositions.ts";
import { outerIp } from "../walk/packet.ts";

/** What a kernel says of a packet that ends so: drop reasons of skb:kfree_skb by name, and counters as nstat names them. */
export interface KernelSigns {
  readonly reasons: readonly string[];
  readonly counters: readonly string[];
}

const NONE: KernelSigns = { reasons: [], counters: [] };
const NETFILTER: KernelSigns = { reasons: ["NETFILTER_DROP"], counters: [] };

/** Measured on Linux 6.18; names move between versions, so these weigh and never prove. */
export const KERNEL_SIGNS: Readonly<Record<Disposition, KernelSigns>> = {
  DELIVERED: NONE,
  PROXIED: NONE,
  UNKNOWN: NONE,
  LEFT_CLUSTER: NONE,
  FORWARDING_OFF: { reasons: ["IP_INADDRERRORS"], counters: ["IpInAddrErrors", "Ip6InAddrErrors"] },
  NO_ROUTE: { reasons: ["IP_INNOROUTES"], counters: ["IpExtInNoRoutes", "IpOutNoRoutes"] },
  BLACKHOLE_ROUTE: NONE,
  UNREACHABLE_ROUTE: { reasons: [], counters: ["IcmpOutDestUnreachs"] },
  PROHIBIT_ROUTE: { reasons: [], counters: ["IcmpOutDestUnreachs"] },
  RP_FILTER: { reasons: ["IP_RPFILTER"], counters: ["TcpExtIPReversePathFilter"] },
  MARTIAN_SOURCE: { reasons: ["IP_LOCAL_SOURCE", "IP_INVALID_SOURCE"], counters: [] },
  MARTIAN_DESTINATION: { reasons: ["IP_LOCALNET", "IP_INVALID_DEST"], counters: [] },
  NETFILTER_DROP: NETFILTER,
  CONNTRACK_FULL: { reasons: ["NETFILTER_DROP"], counters: ["nf_conntrack.drop"] },
  NETFILTER_REJECT: { reasons: ["NETFILTER_DROP"], counters: ["IcmpOutDestUnreachs"] },
  TTL_EXCEEDED: { reasons: ["IP_INHDR"], counters: ["IpInHdrErrors"] },
  MTU_EXCEEDED: { reasons: ["PKT_TOO_BIG"], counters: ["IpFragFails"] },
  LINK_DOWN: { reasons: ["QDISC_DROP", "DEV_READY"], counters: [] },
  RECEIVER_LINK_DOWN: NONE,
  NEIGHBOUR_FAILED: { reasons: ["NEIGH_FAILED", "NEIGH_QUEUEFULL"], counters: ["IcmpOutDestUnreachs"] },
  WRONG_MAC: { reasons: ["OTHERHOST"], counters: [] },
  BRIDGE_PORT_BLOCKED: NONE,
  TUNNEL_NO_REMOTE: { reasons: ["NO_TX_TARGET"], counters: [] },
  TUNNEL_NO_DEVICE: { reasons: ["VXLAN_VNI_NOT_FOUND", "NO_SOCKET"], counters: ["UdpNoPorts"] },
  NO_SUCH_HOST: { reasons: ["NEIGH_FAILED"], counters: [] },
  PORT_CLOSED: { reasons: ["NO_SOCKET"], counters: ["TcpOutRsts", "UdpNoPorts"] },
  LISTEN_QUEUE_FULL: { reasons: [], counters: ["TcpExtListenOverflows", "TcpExtListenDrops"] },
  NAT_UNDONE_ELSEWHERE: NONE,
  LOOP: { reasons: ["IP_INHDR"], counters: ["IpInHdrErrors"] },
  UNSUPPORTED_DESTINATION: NONE,
};

/** Counters that rise when packets are lost, whatever the walk says. */
export const LOSS_COUNTERS: readonly string[] = [
  "IpInAddrErrors",
  "Ip6InAddrErrors",
  "IpExtInNoRoutes",
  "IpOutNoRoutes",
  "IpInHdrErrors",
  "IpInDiscards",
  "IpOutDiscards",
  "IpFragFails",
  "TcpExtIPReversePathFilter",
  "TcpExtListenOverflows",
  "TcpExtListenDrops",
  "nf_conntrack.drop",
  "UdpNoPorts",
  "UdpRcvbufErrors",
  "UdpInCsumErrors",
  "IpExtInCsumErrors",
];

/** Of these one rises with every IPv4 packet that ends so (ip_error, ip_rcv_finish, ip_forward, tcp_conn_request), on every kernel since 3.6. */
const SURE: { readonly [D in Disposition]?: readonly string[] } = {
  FORWARDING_OFF: ["IpInAddrErrors"],
  RP_FILTER: ["TcpExtIPReversePathFilter"],
  TTL_EXCEEDED: ["IpInHdrErrors"],
  LISTEN_QUEUE_FULL: ["TcpExtListenOverflows"],
};

/** What would have risen had packets ended there as foretold, and did not while others were counted; empty where that is not told. */
export function restingCounters(
  at: Branch,
  moved: readonly { readonly name: string; readonly delta: number }[],
): readonly string[] {
  const last = at.steps.at(-1)?.packet;
  const sure = SURE[at.end] ?? [];
  if (last === undefined || outerIp(last).src.family !== 4) return [];
  const rose = (name: string): boolean => moved.some((m) => m.name === name && m.delta > 0);
  return rose("IpInReceives") && !sure.some(rose) ? sure : [];
}
