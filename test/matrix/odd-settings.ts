import type { Scene, Step } from "./unlisted-fault.ts";

/** A setting that a list of rules would call wrong, and through which all packets pass. */
export interface OddSetting {
  readonly id: string;
  /** Null: on any. */
  readonly cni: "flannel" | "calico" | null;
  readonly inject: (scene: Scene) => readonly Step[];
}

const everyNode =
  (...lines: string[]) =>
  (scene: Scene): readonly Step[] =>
    scene.plan.nodes.map((node) => ({ netns: node.netns, lines }));

export const ODD_SETTINGS: readonly OddSetting[] = [
  {
    id: "FORWARD's policy is DROP, and the CNI's accepts stand",
    cni: "flannel",
    inject: everyNode("iptables-nft -P FORWARD DROP"),
  },
  {
    id: "INPUT's policy is DROP, with accepts for the tunnel and what is established",
    cni: "flannel",
    inject: everyNode(
      "iptables-nft -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
      "iptables-nft -A INPUT -p udp --dport 8472 -j ACCEPT",
      "iptables-nft -A INPUT -i lo -j ACCEPT",
      "iptables-nft -A INPUT -p icmp -j ACCEPT",
      "iptables-nft -A INPUT -p tcp --dport 22 -j ACCEPT",
      "iptables-nft -P INPUT DROP",
    ),
  },
  {
    id: "loose reverse path filtering everywhere",
    cni: null,
    inject: everyNode("sysctl -q -w net.ipv4.conf.all.rp_filter=2"),
  },
  {
    id: "strict reverse path filtering where both ways are the same",
    cni: "calico",
    inject: everyNode("sysctl -q -w net.ipv4.conf.all.rp_filter=1"),
  },
  {
    id: "an idle interface does not forward",
    cni: "calico",
    inject: everyNode(
      "ip link add idle0 type veth peer name idle1",
      "ip link set idle0 up",
      "sysctl -q -w net.ipv4.conf.idle0.forwarding=0",
      "sysctl -q -w net.ipv4.conf.lo.forwarding=0",
    ),
  },
  {
    id: "blackholes for blocks that nobody uses",
    cni: "calico",
    inject: everyNode("ip route add blackhole 10.99.0.0/16", "ip route add unreachable 100.64.0.0/10"),
  },
  {
    id: "a REJECT at the end of FORWARD, after the accepts",
    cni: "flannel",
    inject: everyNode("iptables-nft -A FORWARD -j REJECT"),
  },
  {
    id: "drops at the head of FORWARD for others' addresses and ports",
    cni: "calico",
    inject: everyNode(
      "iptables-nft -I FORWARD -s 203.0.113.0/24 -j DROP",
      "iptables-nft -I FORWARD -p tcp --dport 23 -j DROP",
      "iptables-nft -I FORWARD -m conntrack --ctstate INVALID -j DROP",
    ),
  },
  {
    id: "the table of a dead VPN, which a mark leads to",
    cni: "flannel",
    inject: everyNode("ip rule add fwmark 0x7777 lookup 51820", "ip route add blackhole default table 51820"),
  },
  {
    id: "a tunnel that is not in use, and down",
    cni: "flannel",
    inject: everyNode(
      "ip link add spare.7 type vxlan id 77 dstport 4790 dev eth0 nolearning",
      "ip link set eth0 mtu 1500",
    ),
  },
  {
    id: "a native nft table that drops what nobody sends",
    cni: "flannel",
    inject: everyNode(
      "nft add table inet guard",
      "nft add chain inet guard block '{ type filter hook forward priority -5; policy accept; }'",
      "nft add rule inet guard block tcp dport { 23, 445, 3389 } drop",
      "nft add rule inet guard block ip saddr 203.0.113.0/24 reject",
    ),
  },
];
