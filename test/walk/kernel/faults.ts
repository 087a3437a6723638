import type { Dice } from "./dice.ts";
import type { Topology } from "./topology.ts";

const FAULTS: readonly ((t: Topology, dice: Dice) => string)[] = [
  function forwardingOff(t, dice) {
    const node = dice.pick(t.nodes);
    const link = dice.pick(t.linksOf(node));
    if (dice.chance(0.4)) {
      t.set(node, "net.ipv4.ip_forward", 0);
      return `ip_forward=0 on ${node}`;
    }
    t.set(node, `net.ipv4.conf.${link}.forwarding`, 0);
    return `forwarding=0 on ${node} ${link}`;
  },
  reversePathFilter,
  reversePathFilter,
  function route(t, dice) {
    const node = dice.pick(t.nodes);
    const type = dice.pick(["blackhole", "unreachable", "prohibit", "throw"]);
    const dst = dice.pick([t.address, "10.9.0.0/16", "10.9.1.0/25", "10.0.0.0/8"]);
    t.run(node, `ip route add ${type} ${dst} metric 5 || true`);
    return `${type} ${dst} on ${node}`;
  },
  function linkDown(t, dice) {
    const node = dice.pick(t.nodes);
    const link = dice.pick(t.linksOf(node));
    t.run(node, `ip link set ${link} down`);
    return `${link} down on ${node}`;
  },
  function drop(t, dice) {
    const node = dice.pick(t.nodes);
    const [table, chain] = dice.pick([
      ["filter", "FORWARD"],
      ["filter", "INPUT"],
      ["filter", "OUTPUT"],
      ["raw", "PREROUTING"],
      ["mangle", "POSTROUTING"],
    ] as const);
    const what = dice.pick([
      "-p udp",
      "-p tcp --dport 8080",
      "-p icmp",
      `-d ${t.address}`,
      "-m conntrack --ctstate ESTABLISHED",
    ]);
    if (table === "raw" && what.includes("conntrack")) return "nothing";
    t.run(
      node,
      `iptables-nft -w -t ${table} -A ${chain} ${what} -j ${table === "filter" && dice.chance(0.3) ? "REJECT" : "DROP"}`,
    );
    return `${table}/${chain} ${what} on ${node}`;
  },
  function masquerade(t, dice) {
    const node = dice.pick(t.nodes);
    const link = dice.pick(t.linksOf(node));
    t.run(node, `iptables-nft -w -t nat -A POSTROUTING -o ${link} -j MASQUERADE`);
    return `MASQUERADE out of ${link} on ${node}`;
  },
  function policyRule(t, dice) {
    const node = dice.pick(t.nodes);
    const way = dice.pick(["fwmark 7", `from ${t.address}`, `to ${t.address}`, `iif ${dice.pick(t.linksOf(node))}`]);
    const action = dice.pick([
      "blackhole",
      "unreachable",
      "prohibit",
      "lookup 77",
      "lookup main suppress_prefixlength 8",
    ]);
    t.run(node, `ip rule add ${way} pref 100 ${action}`);
    if (action === "lookup 77" && dice.chance(0.6)) {
      t.run(
        node,
        `ip route add ${dice.pick(["blackhole default", "throw default", "unreachable 10.9.0.0/16"])} table 77`,
      );
    }
    if (way === "fwmark 7") {
      t.run(
        node,
        `iptables-nft -w -t mangle -A ${dice.pick(["PREROUTING", "OUTPUT"])} -p ${dice.pick(["tcp", "udp", "icmp"])} -j MARK --set-mark 7`,
      );
    }
    return `rule ${way} ${action} on ${node}`;
  },
  function staticNeighbour(t, dice) {
    const node = dice.pick(t.nodes);
    const link = dice.pick(t.linksOf(node));
    t.run(
      node,
      `for a in $(ip -4 route show dev ${link} | sed -n 's/.* via \\([0-9.]*\\).*/\\1/p') 10.1.0.2 10.3.0.1; do ip neigh replace $a lladdr 02:00:00:00:00:99 nud permanent dev ${link}; done`,
    );
    return `wrong neighbours on ${node} ${link}`;
  },
  function sourceIsLocal(t, dice) {
    const node = dice.pick(t.nodes);
    t.run(node, `ip addr add ${dice.pick(["10.9.1.1", "10.1.0.1", "10.2.0.1"])}/32 dev lo || true`);
    return `another has the sender's address: ${node}`;
  },
  function arpIgnore(t, dice) {
    const node = dice.pick(t.nodes);
    t.set(node, "net.ipv4.conf.all.arp_ignore", dice.pick([1, 2, 8]));
    return `arp_ignore on ${node}`;
  },
  function lowTtl(t, dice) {
    const node = dice.pick([t.from, t.to]);
    const ttl = dice.pick([1, 2, 3]);
    t.set(node, "net.ipv4.ip_default_ttl", ttl);
    return `ttl ${ttl} from ${node}`;
  },
];

function reversePathFilter(t: Topology, dice: Dice): string {
  const node = dice.pick(t.nodes);
  const mode = dice.pick([1, 1, 2]);
  const where = dice.pick(["all", ...t.linksOf(node)]);
  t.set(node, `net.ipv4.conf.${where}.rp_filter`, mode);
  return `rp_filter=${mode} on ${node} ${where}`;
}

/** What breaks on bridges and tunnels of a cluster's nodes. */
const CLUSTER_FAULTS: readonly ((t: Topology, dice: Dice) => string)[] = [
  function forwardingOffInside(t, dice) {
    const node = dice.pick(["n1", "n2"]);
    const link = dice.pick(["cni0", "flannel/1"]);
    t.run(node, `f=/proc/sys/net/ipv4/conf/${link.replace("/", ".")}/forwarding; [ ! -e $f ] || echo 0 > $f`);
    return `forwarding=0 on ${node} ${link}`;
  },
  function reversePathInside(t, dice) {
    const node = dice.pick(["n1", "n2"]);
    const link = dice.pick(["cni0", "flannel.1", "eth0"]);
    t.run(node, `f=/proc/sys/net/ipv4/conf/${link}/rp_filter; [ ! -e $f ] || echo ${dice.pick([1, 2])} > $f`);
    return `rp_filter on ${node} ${link}`;
  },
  function fdb(t, dice) {
    const node = dice.pick(["n1", "n2"]);
    t.run(
      node,
      "bridge fdb show dev flannel.1 2>/dev/null | while read mac rest; do bridge fdb del $mac dev flannel.1 self; done || true",
    );
    return `no fdb on ${node}`;
  },
  function tunnelNeighbour(t, dice) {
    const node = dice.pick(["n1", "n2"]);
    t.run(node, "ip neigh flush dev flannel.1 nud permanent 2>/dev/null || true");
    return `no tunnel neighbour on ${node}`;
  },
  function vni(t, dice) {
    const node = dice.pick(["n1", "n2"]);
    const [what, value] = dice.pick([
      ["id", 2],
      ["dstport", 4789],
    ] as const);
    t.vxlan.set(node, `${what} ${value}`);
    return `vxlan ${what} ${value} on ${node}`;
  },
  function tunnelDown(t, dice) {
    const node = dice.pick(["n1", "n2"]);
    const link = dice.pick(["flannel.1", "cni0"]);
    t.run(node, `ip link set ${link} down 2>/dev/null || true`);
    return `${link} down on ${node}`;
  },
  function tunnelMac(t, dice) {
    const node = dice.pick(["n1", "n2"]);
    const mac = dice.pick(["02:00:00:00:01:01", "02:00:00:00:09:09"]);
    t.run(node, `ip link set flannel.1 address ${mac} 2>/dev/null || true`);
    return `flannel.1 is ${mac} on ${node}`;
  },
  function tunnelBlocked(t, dice) {
    const node = dice.pick(["n1", "n2"]);
    const chain = dice.pick(["INPUT", "OUTPUT"]);
    t.run(node, `iptables-nft -w -A ${chain} -p udp --dport 8472 -j DROP`);
    return `${chain} drops VXLAN on ${node}`;
  },
  function bridgePort(t, dice) {
    const port = dice.pick(["vetha", "vethb"]);
    const what = dice.pick(["hairpin on", "isolated on", "state 4", "flood off", "learning off"]);
    t.run("n1", `[ ! -e /proc/sys/net/ipv4/conf/cni0 ] || bridge link set dev ${port} ${what}`);
    return `${port} ${what}`;
  },
  function pod(t, dice) {
    const pod = dice.pick(["p1a", "p1b", "p2a"]);
    const what = dice.pick([
      "ip route del default",
      "ip link set eth0 address 02:00:00:00:77:77",
      "ip link set eth0 down; ip link set eth0 up",
    ]);
    t.run(pod, what);
    return `${what} in ${pod}`;
  },
  function proxyArp(t, dice) {
    const node = dice.pick(["n1", "n2"]);
    t.run(node, "echo 0 > /proc/sys/net/ipv4/conf/vetha/proxy_arp");
    return `proxy_arp=0 on ${node} vetha`;
  },
  function bridgeNetfilter(t, dice) {
    const node = dice.pick(["n1", "n2"]);
    t.run(node, `iptables-nft -w -A FORWARD -m physdev --physdev-is-bridged -j DROP`);
    return `bridged dropped on ${node}`;
  },
  function defaultDrop(t, dice) {
    const node = dice.pick(["n1", "n2"]);
    t.run(
      node,
      `iptables-nft -w -P FORWARD DROP; iptables-nft -w -A FORWARD ${dice.pick(["-s 10.42.0.0/16", "-d 10.42.0.0/16", "-i cni0", "-m conntrack --ctstate NEW"])} -j ACCEPT`,
    );
    return `FORWARD policy DROP on ${node}`;
  },
];

export function breakCluster(t: Topology, dice: Dice): void {
  t.faults.push(dice.pick(CLUSTER_FAULTS)(t, dice));
}

/** One fault, or one thing that only looks like one: the kernel decides. */
export function breakSomething(t: Topology, dice: Dice): void {
  t.faults.push(dice.pick(FAULTS)(t, dice));
}
