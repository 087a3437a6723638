import { describe, expect, test } from "vitest";
import { said } from "../../../test/said.ts";
import { isQueueFull } from "../../facts/lookup/sockets.ts";
import type { Source } from "../../facts/provenance.ts";
import { parseIpsetSave } from "./ipset-save.ts";
import { parseFdb } from "./bridge-fdb.ts";
import { parseConntrack } from "./conntrack.ts";
import { parseConntrackStats } from "./conntrack-stats.ts";
import { parseCounters } from "./counters.ts";
import { parseIptablesSave } from "./iptables-save.ts";
import { parseLinkCounters } from "./link-counters.ts";
import { parseLinks } from "./links.ts";
import { parseRoutes } from "./routes.ts";
import { BY_PROC, parseSockets } from "./sockets.ts";
import { parseSysctls } from "./sysctls.ts";

const source: Source = { node: "n", netns: "n/host", argv: [], at: "2026-01-01T00:00:00Z" };

describe("sockets", () => {
  const brief = (text: string): unknown =>
    parseSockets(text, source).value.map((s) => [s.protocol, s.local?.text ?? null, s.localPort, s.families]);

  test("iproute2 4.11 writes `*` for IPv4 and `:::` for IPv6", () => {
    const text = `Netid  State      Recv-Q Send-Q Local Address:Port               Peer Address:Port
tcp    LISTEN     0      128       *:22                    *:*                   users:(("sshd",pid=900,fd=3))
tcp    LISTEN     0      128    127.0.0.1:25                    *:*
tcp    LISTEN     0      128      :::22                   :::*
tcp    LISTEN     0      128      :::8080                 :::*
tcp    LISTEN     0      128     ::1:25                   :::*
`;
    expect(brief(text)).toEqual([
      ["tcp", null, 22, [4]],
      ["tcp", "127.0.0.1", 25, [4]],
      ["tcp", null, 22, [6]],
      ["tcp", null, 8080, [4, 6]],
      ["tcp", "::1", 25, [6]],
    ]);
    expect(parseSockets(text, source).value[0]?.process).toBe("sshd");
  });

  test("newer ones tell dual-stack apart, scopes and mapped addresses", () => {
    const text = `udp   UNCONN 0      0          127.0.0.53%lo:53        0.0.0.0:*
udp   UNCONN 0      0             *%eth0:546             *:*
tcp   LISTEN 0      4096          [::]:80          [::]:*
tcp   LISTEN 0      4096             *:8080             *:*    users:(("node",pid=1,fd=2))
tcp   ESTAB  0      36     [::ffff:10.0.0.1]:80   [::ffff:10.0.0.2]:5000
raw   UNCONN 0      0          0.0.0.0:icmp       0.0.0.0:*
u_str ESTAB  0      0                * 12345            * 12346
`;
    expect(brief(text)).toEqual([
      ["udp", "127.0.0.53", 53, [4]],
      ["udp", null, 546, [4, 6]],
      ["tcp", null, 80, [6]],
      ["tcp", null, 8080, [4, 6]],
      ["tcp", "10.0.0.1", 80, [4]],
      ["raw", null, 1, [4]],
    ]);
    const sockets = parseSockets(text, source);
    expect(sockets.problems).toEqual([]);
    expect(sockets.value.map((socket) => socket.dev)).toEqual(["lo", "eth0", null, null, null, null]);
    expect(sockets.value[4]).toMatchObject({ peerPort: 5000, sendQueue: 36, state: "ESTAB" });
    expect(sockets.value[4]?.peer?.text).toBe("10.0.0.2");
    expect(sockets.value[3]).toMatchObject({ process: "node", peer: null, peerPort: null });
  });

  test("of /proc/net neither the backlog of a listener is known, nor whether one of IPv6 takes IPv4", () => {
    const text = `Netid State  Recv-Q Send-Q Local Address:Port  Peer Address:Port Process
tcp   LISTEN 1      0            0.0.0.0:80         0.0.0.0:*     users:(("python3",pid=30931,fd=4))
tcp   ESTAB  0      7          127.0.0.1:80       127.0.0.1:38684
tcp   LISTEN 0      0                  *:80               *:*     users:(("python3",pid=30931,fd=3))
tcp   LISTEN 0      0                  *:81               *:*     users:(("python3",pid=30931,fd=5))
`;
    const { value } = parseSockets(text, { ...source, argv: ["env", BY_PROC, "ss", "-tuanp"] });
    expect(value.map(({ families, sendQueue }) => [families, sendQueue])).toEqual([
      [[4], null],
      [[4], 7],
      [[6], null],
      [[4, 6], null],
    ]);
    expect(value.filter(isQueueFull)).toEqual([]);
  });

  test("what -i adds belongs to the line before; what is 0 is left out", () => {
    const text = `State  Recv-Q Send-Q Local Address:Port  Peer Address:Port Process
LISTEN 0      511        10.0.0.1:8080      0.0.0.0:*
\t bbr cwnd:10
ESTAB  0      77         10.0.0.1:44966    10.0.0.2:80
\t cubic wscale:7,7 rto:204 rtt:0.02/0.01 bytes_sent:77 segs_out:3 data_segs_out:1 send 1bps lastsnd:748 lastrcv:756 minrtt:0.02
ESTAB  0      0          10.0.0.1:44967    10.0.0.2:80
\t cubic rto:204 segs_out:3 lastrcv:8 minrtt:0.02
ESTAB  0      0          10.0.0.1:44968    10.0.0.2:80
\t cubic wscale:7,7 rto:204 rtt:1.5/0.75 cwnd:10 send 77.9Mbps lastsnd:5 lastrcv:9 rcv_space:29200
`;
    const { value, problems } = parseSockets(text, source);
    expect(problems).toEqual([]);
    expect(value.map((socket) => socket.timing)).toEqual([
      null,
      { sentMs: 748, receivedMs: 756, segmentsSent: 1 },
      { sentMs: 0, receivedMs: 8, segmentsSent: 0 },
      { sentMs: 5, receivedMs: 9, segmentsSent: null },
    ]);
  });

  test("a single protocol prints no Netid", () => {
    expect(brief("LISTEN 0 128 0.0.0.0:22 0.0.0.0:*\n")).toEqual([["tcp", null, 22, [4]]]);
  });
});

describe("connections", () => {
  test("/proc/net/nf_conntrack, unknown protocols, zones", () => {
    const text = `ipv4     2 tcp      6 431999 ESTABLISHED src=10.0.0.1 dst=10.96.0.1 sport=5000 dport=443 src=192.168.0.2 dst=10.0.0.1 sport=6443 dport=5000 [ASSURED] mark=16384 zone=0 use=2
ipv4     2 unknown  47 587 src=10.0.0.1 dst=10.0.0.2 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 mark=0 zone=0 use=2
ipv6     10 udp      17 29 src=fd00::1 dst=fd00::2 sport=53 dport=54 [UNREPLIED] src=fd00::2 dst=fd00::1 sport=54 dport=53 mark=0 use=2
ipv4     2 udp      17 29 src=10.0.0.1 dst=10.0.0.2 sport=53 dport=54 src=10.0.0.2 dst=10.0.0.1 sport=54 dport=53 mark=0 zone=7 use=2
conntrack v1.4.4 (conntrack-tools): 4 flow entries have been shown.
`;
    const { value, problems } = parseConntrack(text, source);
    expect(value.map((one) => [one.protocol, one.state, one.timeoutS, one.mark, one.unreplied, one.assured])).toEqual([
      [6, "ESTABLISHED", 431999, 16384, false, true],
      [47, null, 587, 0, true, false],
      [17, null, 29, 0, true, false],
    ]);
    expect(value[0]?.reply).toMatchObject({ sport: 6443, dport: 5000 });
    expect(value[0]?.reply.src.text).toBe("192.168.0.2");
    expect(problems.map((problem) => problem.line)).toEqual([4]);
  });

  test("statistics are summed over the CPUs, hexadecimal in /proc", () => {
    const proc = "entries  found drop\n0000006e  00000000 00000010\n0000006e  00000000 00000002\n";
    const counters = parseConntrackStats(proc, source).value;
    expect([counters.get("nf_conntrack.entries"), counters.get("nf_conntrack.drop")]).toEqual([110n, 18n]);
    const tool = parseConntrackStats("cpu=0   \tfound=1 drop=3 \ncpu=1   \tfound=0 drop=4 \n", source).value;
    expect(tool.get("nf_conntrack.drop")).toBe(7n);
  });
});

test("a set whose mask leaves no network, or masks more than addresses, is of a type of its own", () => {
  const text = `create e hash:ip family inet hashsize 1024 maxelem 65536 bitmask 255.0.255.0 bucketsize 12 initval 0x6b94f42d
create k hash:ip,port family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0xbefc7706 netmask 24
add k 10.0.0.0,tcp:80
`;
  const { value, problems } = parseIpsetSave(text, source);
  expect(problems).toEqual([]);
  expect(value.map((set) => [set.type, set.entries])).toEqual([
    ["hash:ip bitmask 255.0.255.0", []],
    ["hash:ip,port netmask 24", ["10.0.0.0,tcp:80"]],
  ]);
});

describe("routes", () => {
  test("encapsulations stay verbatim, an unknown table is a problem", () => {
    const text = `10.1.0.0/24  encap mpls  100/200 via 10.0.0.1 dev eth0
10.2.0.0/24  encap ip id 5 src 0.0.0.0 dst 1.2.3.4 ttl 0 tos 0 dev vx3 scope link
fd01::/64  encap seg6 mode encap segs 2 [ fc00::1 fc00::2 ] dev eth0 metric 1024 pref medium
10.3.0.0/24 dev eth0 table storage scope link
unreachable default dev lo proto kernel metric 4294967295 error -101
10.4.0.0/24 via 10.0.0.9 dev eth0 linkdown dead mtu 1400
`;
    const { value, problems } = parseRoutes(text, source);
    expect(value.map((route) => route.nexthops[0]?.encap ?? null)).toEqual([
      "encap mpls 100/200",
      "encap ip id 5 src 0.0.0.0 dst 1.2.3.4 ttl 0 tos 0",
      "encap seg6 mode encap segs 2 [ fc00::1 fc00::2 ]",
      null,
      null,
    ]);
    expect(problems.map((problem) => [problem.line, said(problem.why)])).toEqual([
      [4, "table storage has no known number"],
    ]);
    expect(value[3]?.dst.text).toBe("::/0");
    expect(value[4]).toMatchObject({ mtu: 1400, nexthops: [{ flags: ["linkdown", "dead"] }] });
  });
});

describe("links", () => {
  test("iproute2 4.11, a WireGuard device, XDP, a VLAN, a GRE tunnel, colours and CRLF", () => {
    const text = [
      "2: \u001b[36meth0\u001b[0m: <NO-CARRIER,BROADCAST,MULTICAST,UP> mtu 1500 xdpgeneric/id:7 qdisc pfifo_fast state DOWN mode DEFAULT group default qlen 1000",
      "    link/ether 52:54:00:AA:bb:cc brd ff:ff:ff:ff:ff:ff promiscuity 0 ",
      "    prog/xdp id 7 tag 0123456789abcdef jited ",
      "3: eth0.10@eth0: <BROADCAST,MULTICAST> mtu 1500 qdisc noop state DOWN mode DEFAULT group default",
      "    link/ether 52:54:00:aa:bb:cc brd ff:ff:ff:ff:ff:ff promiscuity 0 ",
      "    vlan protocol 802.1Q id 10 <REORDER_HDR> addrgenmode eui64 ",
      "4: wg0: <POINTOPOINT,NOARP,UP,LOWER_UP> mtu 1420 qdisc noqueue state UNKNOWN mode DEFAULT group default",
      "    link/none  promiscuity 0 ",
      "    wireguard addrgenmode none ",
      "5: gre1@NONE: <POINTOPOINT,NOARP,UP,LOWER_UP> mtu 1476 qdisc noqueue state UNKNOWN mode DEFAULT group default",
      "    link/gre 10.0.0.1 peer 10.0.0.2 promiscuity 0 ",
      "    gre remote 10.0.0.2 local 10.0.0.1 dev eth0 ttl 64 ikey 0.0.0.5 okey 0.0.0.5 addrgenmode eui64 ",
      "6: ip6tnl0@NONE: <NOARP> mtu 1452 qdisc noop state DOWN mode DEFAULT group default",
      "    link/tunnel6 :: brd :: promiscuity 0 ",
      "    ip6tnl ip6ip6 remote any local any hoplimit 0 encaplimit 0 tclass 0x00 flowlabel 0x00000 ",
    ].join("\r\n");
    const { value: links, problems } = parseLinks(text, source, null, null);
    expect(problems).toEqual([]);
    expect(links.map((link) => [link.name, link.kind, link.xdp, link.carrier])).toEqual([
      ["eth0", "device", true, false],
      ["eth0.10", "vlan", false, false],
      ["wg0", "wireguard", false, true],
      ["gre1", "gre", false, true],
      ["ip6tnl0", "ip6tnl", false, false],
    ]);
    expect(links[0]).toMatchObject({ up: true, mac: "52:54:00:aa:bb:cc" });
    expect(links[1]).toMatchObject({ vlanId: 10, lower: "eth0", peerIndex: 2, peerNetns: null });
    expect(links[3]?.tunnel).toMatchObject({ mode: "gre", dev: "eth0", ttl: 64, pmtudisc: true });
    expect(links[3]?.tunnel?.remote?.text).toBe("10.0.0.2");
    expect(links[4]?.tunnel).toMatchObject({ mode: "ip6ip6", local: null });
  });

  test("without -d a link whose peer is elsewhere is taken for a veth", () => {
    const text = `2: eth0@if5: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc noqueue state UP group default
    link/ether 16:9d:7d:af:15:83 brd ff:ff:ff:ff:ff:ff link-netnsid 0
    inet 10.42.0.2/24 brd 10.42.0.255 scope global eth0
`;
    expect(parseLinks(text, source, null, null).value[0]).toMatchObject({
      kind: "veth",
      peerIndex: 5,
      peerNetns: { netnsid: 0 },
      addresses: [{ because: { line: 3 } }],
    });
  });
});

test("a dot inside of a name is a slash; values may be empty or hold tabs", () => {
  const text = `kernel.hostname = a
net.ipv4.conf.flannel/1.forwarding = 1
net.ipv4.ip_local_port_range = 32768\t60999
net.ipv4.ip_local_reserved_ports =
net.broken
`;
  const { value, problems } = parseSysctls(text, source);
  expect(value.map((one) => [one.key, one.value])).toEqual([
    ["net.ipv4.conf.flannel/1.forwarding", "1"],
    ["net.ipv4.ip_local_port_range", "32768\t60999"],
    ["net.ipv4.ip_local_reserved_ports", ""],
  ]);
  expect(problems.map((problem) => problem.line)).toEqual([5]);
});

test("columns of /proc/net/dev are read by name, with no blank before the first", () => {
  const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
veth6fd59399:51062 493 1 2 0 0 0 0 44425 532 3 4 0 0 0 0
`;
  const { value } = parseLinkCounters(text, source);
  const link = value.get("veth6fd59399");
  const names = ["rx_packets", "rx_errors", "rx_dropped", "tx_packets", "tx_errors", "tx_dropped"];
  expect(names.map((name) => link?.get(name))).toEqual([493n, 1n, 2n, 532n, 3n, 4n]);
});

describe("iptables-save", () => {
  test("an output that was cut leaves the chain it was at, and those after it, unknown", () => {
    const text = `*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -j ACCEPT
-A FORWARD -s 10.0.0.0/8 -j ACCEPT
-A FORWARD -s 10.0.0.0/2`;
    const { value, problems } = parseIptablesSave(text, source, "iptables-legacy", "ip");
    expect(problems.map((problem) => said(problem.why))).toEqual(["the output ends inside a table"]);
    expect(value[0]?.chains.map((chain) => chain.rules.map((rule) => rule.targets[0]?.do))).toEqual([
      ["ACCEPT"],
      ["ACCEPT", "unknown"],
      ["unknown"],
    ]);
  });

  test("a table that iptables-nft cannot print is a problem and no table", () => {
    const { value, problems } = parseIptablesSave(
      "# Table `filter' is incompatible, use 'nft' tool.\n",
      source,
      "iptables-nft",
      "ip",
    );
    expect([value.length, problems.length]).toEqual([0, 1]);
  });

  test("a negation before the value, as iptables 1.4 printed it, and a mask spelt out", () => {
    const text = `*filter
:INPUT DROP [0:0]
-A INPUT -s 10.0.0.0/255.255.0.0 -p tcp -m tcp --dport ! 80 -j ACCEPT
-A INPUT -s 10.0.0.0/255.0.255.0 -j ACCEPT
COMMIT
`;
    const { value } = parseIptablesSave(text, source, "iptables-legacy", "ip");
    const [first, second] = value[0]?.chains[0]?.rules ?? [];
    expect(first?.matches).toMatchObject([
      { match: "source", prefixes: [{ text: "10.0.0.0/16" }] },
      { match: "protocol", protocols: [6] },
      { match: "dport", ranges: [[80, 80]], negate: true },
    ]);
    expect(second?.matches[0]?.match).toBe("unknown");
  });
});

describe("CentOS 7: iproute2 4.11, iptables 1.4.21, a kernel 3.10", () => {
  test("forwarding entries, with and without the words that newer ones add", () => {
    const text = `33:33:00:00:00:01 dev eth0 self permanent
02:00:00:00:00:02 dev flannel.1 dst 192.168.6.142 self permanent
02:00:00:00:00:03 dev flannel.1 dst 192.168.6.143 self permanent offload
0a:58:0a:2a:00:02 dev veth48fb6325 master cni0
0a:58:0a:2a:00:01 dev veth48fb6325 vlan 1 master cni0 permanent
`;
    const { value, problems } = parseFdb(text, source);
    expect(problems).toEqual([]);
    expect(value.map((entry) => [entry.mac.slice(-2), entry.dev, entry.dst?.text ?? null])).toEqual([
      ["01", "eth0", null],
      ["02", "flannel.1", "192.168.6.142"],
      ["03", "flannel.1", "192.168.6.143"],
      ["02", "veth48fb6325", null],
      ["01", "veth48fb6325", null],
    ]);
  });

  test("rules as iptables 1.4.21 prints them", () => {
    const text = `# Generated by iptables-save v1.4.21 on Sun Nov 22 11:12:48 2026
*filter
:INPUT ACCEPT [10:1000]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [9:900]
:KUBE-FORWARD - [0:0]
[5:300] -A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
[0:0] -A FORWARD -s 10.42.0.0/16 -p tcp -m tcp --dport 80 -m state --state RELATED,ESTABLISHED -j ACCEPT
[1:60] -A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT
COMMIT
# Completed on Sun Nov 22 11:12:48 2026
`;
    const { value, problems } = parseIptablesSave(text, source, "iptables-legacy", "ip");
    expect(problems).toEqual([]);
    const chains = value[0]?.chains ?? [];
    expect(chains.map((chain) => [chain.name, chain.rules.length])).toEqual([
      ["INPUT", 0],
      ["FORWARD", 2],
      ["OUTPUT", 0],
      ["KUBE-FORWARD", 1],
    ]);
    expect(
      chains.flatMap(({ rules }) => rules.flatMap(({ matches }) => matches.map(({ match }) => match))),
    ).not.toContain("unknown");
  });

  test("counters are read by name: no OutTransmits, fewer columns", () => {
    const text = `Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams
Ip: 1 64 100 0 7 42
TcpExt: SyncookiesSent ListenOverflows
TcpExt: 0 3
`;
    const { value, problems } = parseCounters(text, source);
    expect(problems).toEqual([]);
    const names = ["IpInAddrErrors", "IpForwDatagrams", "TcpExtListenOverflows", "IpOutTransmits"];
    expect(names.map((name) => value.get(name))).toEqual([7n, 42n, 3n, undefined]);
  });
});
