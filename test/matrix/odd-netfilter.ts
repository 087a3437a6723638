import { fileURLToPath } from "node:url";
import { everyNode, far, near, type OddSetting } from "./odd-setting.ts";
import { on, only } from "./unlisted-fault.ts";

/** cBPF for a clsact hook, where a frame begins with its Ethernet header: UDP to 8472 is TC_ACT_SHOT, all else TC_ACT_OK. */
const DROP_VXLAN = "6,48 0 0 23,21 0 3 17,40 0 0 36,21 0 1 8472,6 0 0 2,6 0 0 0";

const FIREWALLD = fileURLToPath(new URL("firewalld.nft", import.meta.url));

export const ODD_RULES: readonly OddSetting[] = [
  {
    id: "firewalld trusts a network",
    cni: "flannel",
    set: (network) => [`sh -c 'sed "s,TRUSTED,${network}," ${FIREWALLD} | nft -f -'`],
    unset: () => ["nft delete table inet firewalld"],
    beside: { where: everyNode, word: ({ plan }) => plan.clusterCidr },
    onPath: {
      where: far,
      word: "10.99.0.0/16",
      truths: ({ far }) => only(`forward-reject ${far.name} rule nft:firewalld/filter_(FWD_public#2|FORWARD#7)`),
    },
  },
  {
    id: "FORWARD's policy is DROP",
    cni: "flannel",
    set: () => ["iptables-nft -P FORWARD DROP"],
    unset: () => ["iptables-nft -P FORWARD ACCEPT"],
    beside: { where: everyNode, word: "" },
    onPath: {
      where: far,
      word: "",
      given: {
        set: ({ far, plan }) => [
          on(far.netns, `iptables-nft -D FORWARD -s ${plan.clusterCidr} -j ACCEPT`),
          on(far.netns, `iptables-nft -D FORWARD -d ${plan.clusterCidr} -j ACCEPT`),
        ],
        unset: ({ far, plan }) => [
          on(far.netns, `iptables-nft -A FORWARD -s ${plan.clusterCidr} -j ACCEPT`),
          on(far.netns, `iptables-nft -A FORWARD -d ${plan.clusterCidr} -j ACCEPT`),
        ],
      },
      truths: ({ far }) =>
        only(`(forward-drop|rule-missing) ${far.name} (rule|chain|policy) iptables-nft:filter/FORWARD.*`),
    },
  },
  {
    id: "INPUT's policy is DROP, and it accepts a UDP port",
    cni: "flannel",
    set: (port) => [
      "iptables-nft -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
      `iptables-nft -A INPUT -p udp --dport ${port} -j ACCEPT`,
      "iptables-nft -A INPUT -i lo -j ACCEPT",
      "iptables-nft -A INPUT -p icmp -j ACCEPT",
      "iptables-nft -P INPUT DROP",
    ],
    unset: (port) => [
      "iptables-nft -P INPUT ACCEPT",
      "iptables-nft -D INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
      `iptables-nft -D INPUT -p udp --dport ${port} -j ACCEPT`,
      "iptables-nft -D INPUT -i lo -j ACCEPT",
      "iptables-nft -D INPUT -p icmp -j ACCEPT",
    ],
    beside: { where: everyNode, word: "8472" },
    onPath: {
      where: far,
      word: "8473",
      truths: ({ far }) => only(`\\S+ ${far.name} (rule|chain|policy) iptables-nft:filter/INPUT.*`),
    },
  },
  {
    id: "FORWARD rejects all",
    cni: "flannel",
    set: (how) => [`iptables-nft ${how} FORWARD -j REJECT`],
    unset: () => ["iptables-nft -D FORWARD -j REJECT"],
    beside: { where: everyNode, word: "-A" },
    onPath: {
      where: far,
      word: "-I",
      truths: ({ far }) => only(`forward-(drop|reject) ${far.name} rule iptables-nft:filter/FORWARD#1`),
    },
  },
  {
    id: "FORWARD drops a source",
    cni: "calico",
    set: (source) => [`iptables-nft -I FORWARD -s ${source} -j DROP`],
    unset: (source) => [`iptables-nft -D FORWARD -s ${source} -j DROP`],
    beside: { where: everyNode, word: "203.0.113.0/24" },
    onPath: {
      where: far,
      word: ({ gateway }) => gateway.address,
      truths: ({ far }) => only(`forward-drop ${far.name} rule iptables-nft:filter/FORWARD#1`),
    },
  },
  {
    id: "FORWARD drops by the state of the connection",
    cni: "calico",
    set: (state) => [`iptables-nft -I FORWARD -m conntrack --ctstate ${state} -j DROP`],
    unset: (state) => [`iptables-nft -D FORWARD -m conntrack --ctstate ${state} -j DROP`],
    beside: { where: everyNode, word: "INVALID" },
    onPath: {
      where: far,
      word: "NEW",
      truths: ({ far }) => only(`forward-drop ${far.name} rule iptables-nft:filter/FORWARD#1`),
    },
  },
  {
    id: "FORWARD drops from a day on",
    cni: "flannel",
    set: (day) => [`iptables-nft -I FORWARD -p tcp -m time --datestart ${day} -j DROP`],
    unset: (day) => [`iptables-nft -D FORWARD -p tcp -m time --datestart ${day} -j DROP`],
    beside: { where: everyNode, word: "2038-01-01" },
    onPath: {
      where: far,
      word: "2020-01-01",
      truths: ({ far }) => only(`forward-drop ${far.name} rule iptables-nft:filter/FORWARD#1`),
    },
  },
  {
    id: "FORWARD drops up to a rate",
    cni: "calico",
    set: (port) => [
      `iptables-nft -I FORWARD -p tcp --dport ${port} -m limit --limit 10000/s --limit-burst 10000 -j DROP`,
    ],
    unset: (port) => [
      `iptables-nft -D FORWARD -p tcp --dport ${port} -m limit --limit 10000/s --limit-burst 10000 -j DROP`,
    ],
    beside: { where: everyNode, word: "23" },
    onPath: {
      where: far,
      word: "8080",
      truths: ({ far }) => only(`forward-drop ${far.name} rule iptables-nft:filter/FORWARD#1`),
    },
  },
  {
    id: "iptables-legacy drops a destination",
    cni: "flannel",
    set: (address) => [`iptables-legacy -I FORWARD -d ${address} -j DROP`],
    unset: (address) => [`iptables-legacy -D FORWARD -d ${address} -j DROP`],
    beside: { where: everyNode, word: "203.0.113.7" },
    onPath: {
      where: far,
      word: ({ backend }) => backend.address,
      truths: ({ far }) => only(`(forward-drop|legacy-nft-split) ${far.name} rule iptables-legacy:filter/FORWARD#1`),
    },
  },
  {
    id: "a table of nft drops a port",
    cni: "flannel",
    set: (port) => [
      "nft add table inet guard",
      "nft add chain inet guard block '{ type filter hook forward priority -5; policy accept; }'",
      `nft add rule inet guard block tcp dport { ${port}, 445, 3389 } drop`,
    ],
    unset: () => ["nft delete table inet guard"],
    beside: { where: everyNode, word: "23" },
    onPath: {
      where: far,
      word: "8080",
      truths: ({ far }) => only(`(forward|rule)-drops? ${far.name} rule nft:guard/block#1`),
    },
  },
  {
    id: "nft drops what a set holds",
    cni: "flannel",
    set: (address) => [
      "nft add table ip ban",
      "nft add set ip ban bad '{ type ipv4_addr; flags interval; }'",
      `nft add element ip ban bad '{ 198.51.100.0/24, ${address} }'`,
      "nft add chain ip ban pre '{ type filter hook prerouting priority -150; }'",
      "nft add rule ip ban pre ip saddr @bad drop",
    ],
    unset: () => ["nft delete table ip ban"],
    beside: { where: everyNode, word: "203.0.113.7" },
    onPath: {
      where: far,
      word: ({ gateway }) => gateway.address,
      truths: ({ far }) => only(`(rule-drops|forward-drop) ${far.name} rule nft:ban/pre#1`),
    },
  },
  {
    id: "FORWARD drops what an ipset holds",
    cni: "calico",
    set: (address) => [
      "ipset create banned hash:net",
      `ipset add banned ${address}`,
      "iptables-nft -I FORWARD -m set --match-set banned src -j DROP",
    ],
    unset: () => ["iptables-nft -D FORWARD -m set --match-set banned src -j DROP", "ipset destroy banned"],
    beside: { where: everyNode, word: "198.51.100.0/24" },
    onPath: {
      where: far,
      word: ({ gateway }) => gateway.address,
      truths: ({ far }) =>
        only(
          `(forward-drop|ipset-entry-foreign) ${far.name} (rule iptables-nft:filter/FORWARD#1|ipset banned entry .*)`,
        ),
    },
  },
  {
    id: "an ingress hook of nft drops the tunnel's port on a link",
    cni: "flannel",
    set: (link) => [
      "nft add table netdev early",
      `nft add chain netdev early in '{ type filter hook ingress device ${link} priority 0; }'`,
      "nft add rule netdev early in udp dport 8472 drop",
    ],
    unset: () => ["nft delete table netdev early"],
    beside: { where: everyNode, word: "idle0" },
    onPath: {
      where: far,
      word: "eth0",
      truths: ({ far }) => only(`(vxlan-udp-blocked|rule-drops) ${far.name} rule nft:early/in#1`),
    },
  },
  {
    // No compiler for BPF is needed: tc takes classic bytecode, and runs it as eBPF.
    id: "a program at a link's tc hook drops the tunnel's port",
    cni: "flannel",
    set: (link) => [
      `tc qdisc add dev ${link} clsact`,
      `tc filter add dev ${link} egress bpf da bytecode '${DROP_VXLAN}'`,
    ],
    unset: (link) => [`tc qdisc del dev ${link} clsact`],
    beside: { where: everyNode, word: "idle0" },
    onPath: { where: near, word: "eth0", truths: () => [] },
  },
];
