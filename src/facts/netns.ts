import type { Ip, Prefix } from "./ip.ts";
import type { Known, NetnsId, NetnsName, NodeName, Provenance } from "./provenance.ts";
import type { IpSet, Ruleset } from "./ruleset.ts";

/** An immutable list of facts of one kind. Indexes hang on it in a WeakMap, so an edit copies the list. */
export type Table<T> = readonly T[];

export interface Address {
  readonly ip: Ip;
  /** The address's own network; for a point-to-point address the peer's. */
  readonly prefix: Prefix;
  readonly scope: string;
  readonly secondary: boolean;
  readonly because: Provenance;
}

/** `ip -d link`, joined with `ip addr`. `kind` is the rtnl_link_ops name, `device` where it has none, `loopback` for lo. */
export interface Link {
  readonly name: string;
  readonly index: number;
  readonly kind: string;
  /** As printed between <>: UP, LOWER_UP, NOARP, PROMISC … */
  readonly flags: readonly string[];
  /** IFF_UP. */
  readonly up: boolean;
  /** IFF_LOWER_UP: false prints as NO-CARRIER when the link is up. */
  readonly carrier: boolean;
  readonly mtu: number;
  readonly mac: string | null;
  /** The bridge, bond or VRF it is enslaved to. */
  readonly master: string | null;
  /** IFLA_LINK: a veth's peer, a VLAN's parent; an index in `peerNetns` when that is not null. */
  readonly peerIndex: number | null;
  /** A name of /run/netns or, unnamed, a netnsid relative to this netns; null: same netns. */
  readonly peerNetns: { readonly name: string } | { readonly netnsid: number } | null;
  /** `eth0.10@eth0`: the parent by name, where it lies in this netns. */
  readonly lower: string | null;
  readonly addresses: readonly Address[];
  readonly vxlan: Vxlan | null;
  readonly tunnel: IpTunnel | null;
  readonly vlanId: number | null;
  readonly bridge: Bridge | null;
  readonly port: BridgePort | null;
  /** An XDP program is attached (`prog/xdp id N`): what it does to packets is not modelled. */
  readonly xdp: boolean;
  readonly qdisc: string | null;
  readonly because: Provenance;
}

/** drivers/net/vxlan. `external`: collect_md, its routes carry the tunnel (Cilium, OVN). */
export interface Vxlan {
  readonly vni: number | null;
  readonly local: Ip | null;
  readonly remote: Ip | null;
  readonly group: Ip | null;
  readonly dev: string | null;
  readonly dstPort: number;
  readonly learning: boolean;
  readonly ttl: number | "auto" | "inherit";
  readonly external: boolean;
}

/** ipip, gre, sit, ip6tnl: `remote`/`local` null mean any. */
export interface IpTunnel {
  readonly mode: string;
  readonly local: Ip | null;
  readonly remote: Ip | null;
  readonly dev: string | null;
  readonly ttl: number | "inherit";
  readonly pmtudisc: boolean;
  readonly external: boolean;
}

export interface Bridge {
  readonly vlanFiltering: boolean;
  readonly stp: boolean;
  /** The bridge's own nf_call_iptables; br_netfilter acts if this or the netns's sysctl is 1. */
  readonly nfCallIptables: boolean;
  readonly nfCallIp6tables: boolean;
}

export interface BridgePort {
  /** disabled, listening, learning, forwarding, blocking. */
  readonly state: string;
  readonly hairpin: boolean;
  readonly isolated: boolean;
  readonly learning: boolean;
  readonly flood: boolean;
  readonly neighSuppress: boolean;
}

export interface Nexthop {
  readonly via: Ip | null;
  readonly dev: string | null;
  readonly weight: number;
  /** onlink, dead, linkdown, pervasive … */
  readonly flags: readonly string[];
  /** `encap …` verbatim; null when plain. */
  readonly encap: string | null;
}

export interface Route {
  /** unicast, local, broadcast, anycast, multicast, blackhole, unreachable, prohibit, throw, nat. */
  readonly type: string;
  readonly dst: Prefix;
  readonly table: number;
  readonly metric: number;
  readonly tos: number;
  readonly scope: string;
  readonly protocol: string;
  readonly src: Ip | null;
  readonly nexthops: readonly Nexthop[];
  readonly mtu: number | null;
  readonly because: Provenance;
}

/** A policy rule (`ip rule`). `unknown` holds the words that the parser does not know: they may decide. */
export interface PolicyRule {
  readonly family: 4 | 6;
  readonly priority: number;
  readonly invert: boolean;
  readonly from: Prefix | null;
  readonly to: Prefix | null;
  readonly iif: string | null;
  readonly oif: string | null;
  readonly fwmark: { readonly value: number; readonly mask: number } | null;
  readonly ipProtocol: number | null;
  readonly sport: readonly [number, number] | null;
  readonly dport: readonly [number, number] | null;
  readonly tos: number | null;
  readonly action:
    | { readonly do: "lookup"; readonly table: number }
    | { readonly do: "goto"; readonly priority: number }
    | { readonly do: "blackhole" | "unreachable" | "prohibit" | "nop" };
  readonly suppressPrefixLength: number | null;
  readonly unknown: readonly string[];
  readonly because: Provenance;
}

export interface Neighbour {
  readonly ip: Ip;
  readonly dev: string;
  readonly mac: string | null;
  /** NUD state: PERMANENT, REACHABLE, STALE, DELAY, PROBE, FAILED, INCOMPLETE, NOARP, NONE. */
  readonly state: string;
  /** `ip neigh show proxy`. */
  readonly proxy: boolean;
  readonly because: Provenance;
}

/** A forwarding entry of a bridge (`master`) or of a device itself (`self`: VXLAN's remotes have `dst`). */
export interface FdbEntry {
  readonly mac: string;
  readonly dev: string;
  readonly vlan: number | null;
  readonly master: string | null;
  readonly self: boolean;
  readonly dst: Ip | null;
  readonly dstPort: number | null;
  readonly vni: number | null;
  readonly via: string | null;
  readonly permanent: boolean;
  /** NTF_STICKY: a frame that comes in elsewhere does not move it. */
  readonly sticky: boolean;
  readonly because: Provenance;
}

export interface Sysctl {
  /** As procps prints it: a dot inside a name is a slash, `net.ipv4.conf.flannel/1.forwarding`. */
  readonly key: string;
  readonly value: string;
  readonly because: Provenance;
}

export interface Socket {
  readonly protocol: "tcp" | "udp" | "raw";
  /** LISTEN, UNCONN, ESTAB, SYN-SENT … as `ss` prints it. */
  readonly state: string;
  /** Null: any address. `*` of `ss` is dual-stack, `[::]` is IPv6 alone, `0.0.0.0` IPv4 alone. */
  readonly local: Ip | null;
  readonly families: readonly (4 | 6)[];
  readonly localPort: number;
  readonly peer: Ip | null;
  readonly peerPort: number | null;
  readonly dev: string | null;
  readonly recvQueue: number;
  /** Of a listener the most that may wait; null where /proc/net/tcp was read, which does not tell it. */
  readonly sendQueue: number | null;
  readonly process: string | null;
  /** Null where it was not asked for (`ss -i`). */
  readonly timing: SocketTiming | null;
  readonly because: Provenance;
}

/** Of a TCP connection, as `ss -i` tells it from struct tcp_info. Both times begin with the connection itself. */
export interface SocketTiming {
  /** Since the last segment with data was sent, again or for the first time. */
  readonly sentMs: number;
  readonly receivedMs: number;
  /** Segments with data that it sent; null before Linux 4.6, which does not tell. */
  readonly segmentsSent: number | null;
}

/** A virtual server of IPVS, by address or by firewall mark. */
export interface VirtualServer {
  readonly protocol: "tcp" | "udp" | "sctp" | null;
  /** Null where a mark chooses. */
  readonly ip: Ip | null;
  /** 0: every port. */
  readonly port: number;
  readonly fwmark: number | null;
  readonly scheduler: string;
  readonly realServers: number;
  readonly because: Provenance;
}

export interface Tuple {
  readonly src: Ip;
  readonly dst: Ip;
  /** Ports; for ICMP `sport` is the id and `dport` type * 256 + code. */
  readonly sport: number;
  readonly dport: number;
}

export interface ConntrackEntry {
  readonly protocol: number;
  readonly state: string | null;
  readonly original: Tuple;
  readonly reply: Tuple;
  readonly unreplied: boolean;
  readonly assured: boolean;
  readonly mark: number;
  readonly timeoutS: number;
  readonly because: Provenance;
}

/** By nstat's names: `IpInAddrErrors`, `TcpExtListenDrops`, `IpExtInNoRoutes`, `UdpNoPorts`. */
export type Counters = ReadonlyMap<string, bigint>;

/** /proc/net/dev, by link name then column (`rx_packets`, `rx_dropped`, `tx_dropped` …). */
export type LinkCounters = ReadonlyMap<string, ReadonlyMap<string, bigint>>;

export interface Netns {
  readonly id: NetnsId;
  readonly node: NodeName;
  readonly name: NetnsName;
  /** Path on the node to enter it by (`/proc/PID/ns/net`); null for the host's own. */
  readonly path: string | null;
  /** The addresses that it was given by the API, a pod's or a node's InternalIPs, whether a link has them or not. */
  readonly given: readonly Ip[];
  readonly links: Known<Table<Link>>;
  readonly routes: Known<Table<Route>>;
  readonly rules: Known<Table<PolicyRule>>;
  readonly neighbours: Known<Table<Neighbour>>;
  readonly fdb: Known<Table<FdbEntry>>;
  readonly rulesets: Known<readonly Ruleset[]>;
  readonly sets: Known<readonly IpSet[]>;
  readonly sysctls: Known<Table<Sysctl>>;
  readonly sockets: Known<Table<Socket>>;
  readonly virtualServers: Known<Table<VirtualServer>>;
  readonly conntrack: Known<Table<ConntrackEntry>>;
  readonly counters: Known<Counters>;
  readonly linkCounters: Known<LinkCounters>;
}
