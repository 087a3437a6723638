import { Topology } from "./topology.ts";

/** Lines of sh that make a healthy network odd, by node. */
type Lines = Readonly<Record<string, string>>;

const MAC = { a: "02:00:00:00:00:0a", b: "02:00:00:00:00:0b", c: "02:00:00:00:00:0c" } as const;
const NOBODY = "lladdr 02:00:00:00:00:99";

/** How TCP ends, and a network that one setting is odd in: what chance would seldom make of the other shapes. */
export const SETTINGS: readonly (readonly [ends: string, make: () => Topology])[] = [
  ["WRONG_MAC", () => routed({ a: "ip link set eth0 arp off" })],
  ["NO_SUCH_HOST", () => routed({ b: "ip link set eth0 arp off" })],
  [
    "DELIVERED DELIVERED",
    () =>
      routed({
        a: "ip link set eth0 arp off; ip neigh replace 10.1.0.1 lladdr 02:00:00:00:01:0a nud permanent dev eth0",
        r: `ip neigh replace 10.1.0.2 lladdr ${MAC.a} nud permanent dev to-a`,
      }),
  ],
  ["DELIVERED DELIVERED", () => bridged({ b: `ip neigh replace 10.42.1.2 ${NOBODY} nud stale dev eth0` })],
  ["DELIVERED DELIVERED", () => routed({ r: `ip neigh replace 10.1.0.2 ${NOBODY} nud reachable dev to-a` })],
  ["DELIVERED WRONG_MAC", () => bridged({ b: `ip neigh replace 10.42.1.2 ${NOBODY} nud permanent dev eth0` })],
  [
    "BLACKHOLE_ROUTE",
    () =>
      routed({
        r: [
          "ip route add 10.2.0.0/24 dev to-b table 77",
          "ip route del 10.2.0.0/24",
          "ip route add blackhole default",
          "ip rule add pref 100 lookup main suppress_prefixlength 0",
          "ip rule add pref 101 lookup 77",
        ].join("\n"),
      }),
  ],
  // Without `static` or `dynamic` it is the bridge's own address.
  ["WRONG_MAC", () => bridged({ n: `bridge fdb add ${MAC.b} dev vethb master` })],
  ["DELIVERED DELIVERED", () => bridged({ n: `bridge fdb add ${MAC.b} dev vethb master` }, "n")],
  [
    "WRONG_MAC",
    () =>
      bridged({
        a: "ip neigh add 10.42.1.3 lladdr 02:00:00:00:01:0c nud permanent dev eth0",
        n: "ip link set vethc address 02:00:00:00:01:0c; echo 1 > /proc/sys/net/ipv4/ip_forward",
      }),
  ],
  [
    "DELIVERED DELIVERED",
    () =>
      bridged({
        a: "ip neigh add 10.42.1.3 lladdr 02:00:00:00:01:0a nud permanent dev eth0",
        n: "ip link set vetha address 02:00:00:00:01:0a; echo 1 > /proc/sys/net/ipv4/ip_forward",
      }),
  ],
  ["RP_FILTER", () => routed({ b: acceptLocal(1) })],
  ["DELIVERED PORT_CLOSED", () => routed({ b: acceptLocal(2) })],
  // The answer to ARP comes in by vethb, and moves the entry, if it may.
  ["DELIVERED DELIVERED", () => bridged({ n: `bridge fdb replace ${MAC.b} dev vethc master static` })],
  ["WRONG_MAC", () => bridged({ n: `bridge fdb replace ${MAC.b} dev vethc master static sticky` })],
  [
    "WRONG_MAC",
    () => bridged({ n: `bridge link set dev vethb learning off; bridge fdb replace ${MAC.b} dev vethc master static` }),
  ],
  [
    "WRONG_MAC",
    () =>
      bridged({
        n: `bridge fdb replace ${MAC.b} dev vethc master static`,
        a: knows(3, "b"),
      }),
  ],
  ["BRIDGE_PORT_BLOCKED", () => bridged({ n: deaf("b") })],
  ["NEIGHBOUR_FAILED", () => bridged({ n: deaf("a") })],
  ["DELIVERED BRIDGE_PORT_BLOCKED", () => bridged({ n: deaf("a"), a: knows(3, "b"), b: knows(2, "a") })],
  ["DELIVERED DELIVERED", () => bridged({ n: `${deaf("b")}; bridge link set dev vethb learning on` })],
  ["DELIVERED DELIVERED", () => bridged({ n: `${deaf("b")}; bridge link set dev vethb flood on` })],
  ["MARTIAN_SOURCE", () => nodePort(0)],
  ["DELIVERED DELIVERED", () => nodePort(1)],
  ["UNKNOWN", () => routed({ a: nft("arp", "input", "drop") })],
  ["UNKNOWN", () => routed({ b: nft("arp", "output", "accept", "arp operation reply drop") })],
  ["DELIVERED DELIVERED", () => routed({ a: nft("arp", "input", "accept", "accept") })],
  ["DELIVERED DELIVERED", () => bridged({ b: `${nft("arp", "input", "drop")}; ${knows(2, "a")}`, a: knows(3, "b") })],
  ["UNKNOWN", () => bridged({ n: nft("bridge", "forward", "drop", "ip saddr 10.42.1.0/24 accept") })],
  [
    "DELIVERED DELIVERED",
    () => bridged({ n: nft("bridge", "forward", "drop", "ether type arp accept", "ip saddr 10.42.1.0/24 accept") }),
  ],
  [
    "DELIVERED DELIVERED",
    () => bridged({ n: nft("bridge", "forward", "accept", "ip saddr 10.43.0.0/16 drop", 'iifname "vethc" drop') }),
  ],
  ["NO_SUCH_HOST", () => isolated(0)],
  ["DELIVERED DELIVERED", () => isolated(1)],
  ["DELIVERED DELIVERED", () => proxied6("conf/to-a/proxy_ndp", 1)],
  ["NO_SUCH_HOST", () => proxied6("conf/to-a/proxy_ndp", 0)],
  ["NO_SUCH_HOST", () => proxied6("conf/to-a/forwarding", 0)],
  // A gateway that is one's own address stands for none.
  ["DELIVERED DELIVERED", () => routed({ r: "ip route add 10.2.0.0/25 via 10.2.0.1 dev to-b" })],
];

export function settings(seed: number): Topology {
  const make = SETTINGS[seed - 1]?.[1];
  if (make === undefined) throw new Error(`no settings ${seed}`);
  return make();
}

/** To a port that neither learns nor is flooded goes only what an entry leads there. */
function deaf(pod: "a" | "b"): string {
  const forget = `bridge fdb del ${MAC[pod]} dev veth${pod} master 2>/dev/null || true`;
  return `bridge link set dev veth${pod} flood off learning off; ${forget}`;
}

function knows(last: number, pod: "a" | "b"): string {
  return `ip neigh add 10.42.1.${last} lladdr ${MAC[pod]} nud permanent dev eth0`;
}

function nft(family: "arp" | "bridge", hook: string, policy: string, ...rules: readonly string[]): string {
  const chain = `chain ${family} f c { type filter hook ${hook} priority 0; policy ${policy}; }`;
  const lines = [`table ${family} f`, chain, ...rules.map((rule) => `rule ${family} f c ${rule}`)];
  return lines.map((line) => `nft 'add ${line}'`).join("; ");
}

/** The receiver has the sender's address too. */
function acceptLocal(mode: 1 | 2): string {
  const conf = "/proc/sys/net/ipv4/conf/eth0";
  return `ip addr add 10.1.0.2/32 dev lo; echo 1 > ${conf}/accept_local; echo ${mode} > ${conf}/rp_filter`;
}

/** A port of the sender's own 127.0.0.1 is the receiver's. */
function nodePort(routeLocalnet: 0 | 1): Topology {
  const dnat = ["tcp", "udp"].map(
    (p) => `iptables-nft -w -t nat -A OUTPUT -d 127.0.0.1 -p ${p} --dport 30080 -j DNAT --to 10.2.0.2:30080`,
  );
  const a = [
    `echo ${routeLocalnet} > /proc/sys/net/ipv4/conf/all/route_localnet`,
    "iptables-nft -w -t nat -A POSTROUTING -o eth0 -j MASQUERADE",
    ...dnat,
  ];
  const t = routed({ a: a.join("\n") });
  t.address = "127.0.0.1";
  t.port = 30080;
  return t;
}

/** The receiver is as deaf to the sender's question as if a switch kept them apart; the node may answer for it. */
function isolated(proxies: 0 | 1): Topology {
  return bridged({
    b: `echo 8 > /proc/sys/net/ipv4/conf/eth0/arp_ignore; ${knows(2, "a")}`,
    n: [
      `ip neigh add 10.42.1.3 lladdr ${MAC.b} nud permanent dev cni0`,
      `cd /proc/sys/net/ipv4; echo 1 > ip_forward; echo ${proxies} > conf/cni0/proxy_arp_pvlan`,
    ].join("\n"),
  });
}

/** The sender has the receiver's address in its own network, where the router was told to answer for it. */
function proxied6(key: string, value: 0 | 1): Topology {
  const t = new Topology();
  t.family = 6;
  for (const node of ["a", "r", "b"]) t.node(node);
  t.wire("a", "eth0", "r", "to-a");
  t.wire("b", "eth0", "r", "to-b");
  t.do("a", "addr add fd00:1::2/64 dev eth0");
  t.do("r", "addr add fd00:1::1/64 dev to-a", "addr add fd00:2::1/64 dev to-b", "route add fd00:1::3 via fd00:2::2");
  t.do("r", "neigh add proxy fd00:1::3 dev to-a");
  t.do("b", "addr add fd00:2::2/64 dev eth0", "addr add fd00:1::3/128 dev lo", "route add default via fd00:2::1");
  const told = `cd /proc/sys/net/ipv6; echo 1 > conf/all/forwarding; echo 1 > conf/to-a/proxy_ndp; echo 0 > neigh/to-a/proxy_delay`;
  return made(t, "a", "fd00:1::3", { r: `${told}; echo ${value} > ${key}` });
}

/** A node `n` with pods `a`, `b` and `c` on its bridge, 10.42.1.2 to .4. Nobody knows a neighbour yet. */
function bridged(lines: Lines, from = "a"): Topology {
  const t = new Topology();
  t.node("n");
  t.do("n", "link add cni0 address 02:00:00:00:01:01 type bridge", "link set cni0 up");
  t.do("n", "addr add 10.42.1.1/24 dev cni0");
  for (const [i, pod] of (["a", "b", "c"] as const).entries()) {
    t.node(pod);
    t.wire(pod, "eth0", "n", `veth${pod}`);
    t.do(pod, `link set eth0 address ${MAC[pod]}`, `addr add 10.42.1.${i + 2}/24 dev eth0`);
    t.do(pod, "route add default via 10.42.1.1");
    t.do("n", `link set veth${pod} master cni0`);
  }
  return made(t, from, "10.42.1.3", lines);
}

/** `a` and `b` with a router `r` between them: 10.1.0.0/24 and 10.2.0.0/24, where the router has .1. Nobody knows a neighbour yet. */
function routed(lines: Lines): Topology {
  const t = new Topology();
  t.node("r");
  t.set("r", "net.ipv4.ip_forward", 1);
  for (const [i, host] of (["a", "b"] as const).entries()) {
    t.node(host);
    t.wire(host, "eth0", "r", `to-${host}`);
    t.do(host, `link set eth0 address ${MAC[host]}`, `addr add 10.${i + 1}.0.2/24 dev eth0`);
    t.do(host, `route add default via 10.${i + 1}.0.1`);
    t.do("r", `link set to-${host} address 02:00:00:00:01:0${host}`, `addr add 10.${i + 1}.0.1/24 dev to-${host}`);
  }
  return made(t, "a", "10.2.0.2", lines);
}

function made(t: Topology, from: string, address: string, lines: Lines): Topology {
  t.from = from;
  t.to = "b";
  t.address = address;
  for (const [node, line] of Object.entries(lines)) {
    t.run(node, line);
    t.faults.push(`${line} on ${node}`);
  }
  return t;
}
