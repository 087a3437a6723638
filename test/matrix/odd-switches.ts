import { everyNode, far, near, type OddSetting } from "./odd-setting.ts";
import { serviceCall } from "./symptoms.ts";
import { on, only, type Scene } from "./unlisted-fault.ts";

/** Neighbours forget the far node, and ask for it anew. */
const forgetFar = {
  set: ({ plan }: Scene) => plan.nodes.map((node) => on(node.netns, "ip neigh flush dev eth0")),
  unset: ({ plan }: Scene) => plan.nodes.map((node) => on(node.netns, "ip neigh flush dev eth0")),
};

export const ODD_SWITCHES: readonly OddSetting[] = [
  {
    id: "the switch for new links, or for all, is off",
    cni: "flannel",
    set: (which) => [`sysctl -q -w net.ipv4.conf.${which}.forwarding=0`],
    unset: (which) => [`sysctl -q -w net.ipv4.conf.${which}.forwarding=1`],
    beside: { where: everyNode, word: "default" },
    onPath: {
      where: far,
      word: "all",
      truths: ({ far }) => only(`ip-forward-off ${far.name} net.ipv4.ip_forward`),
    },
  },
  {
    id: "one family is not forwarded",
    cni: "calico",
    set: (family) => [`sysctl -q -w net.${family}.conf.all.forwarding=0`],
    unset: (family) => [`sysctl -q -w net.${family}.conf.all.forwarding=1`],
    beside: { where: everyNode, word: "ipv6" },
    onPath: {
      where: far,
      word: "ipv4",
      truths: ({ far }) => only(`ip-forward-off ${far.name} net.ipv4.ip_forward`),
    },
  },
  {
    id: "the node keeps quiet about some of its addresses",
    cni: "flannel",
    set: (how) => [`sysctl -q -w net.ipv4.conf.all.arp_ignore=${how}`],
    unset: () => ["sysctl -q -w net.ipv4.conf.all.arp_ignore=0"],
    beside: { where: everyNode, word: "1" },
    onPath: {
      where: far,
      word: "8",
      given: forgetFar,
      truths: ({ far }) => only(`sysctl-wrong ${far.name} net.ipv4.conf.(all|eth0).arp_ignore`),
    },
  },
  {
    id: "a link does not answer ARP by proxy",
    cni: "calico",
    set: (link) => [`sysctl -q -w net.ipv4.conf.${link}.proxy_arp=0`],
    unset: (link) => [`sysctl -q -w net.ipv4.conf.${link}.proxy_arp=1`],
    beside: { where: everyNode, word: "eth0" },
    onPath: {
      where: far,
      word: ({ backend }) => backend.hostLink,
      given: {
        set: ({ backend }) => [on(backend.netns, "ip neigh flush dev eth0")],
        unset: ({ backend }) => [on(backend.netns, "ip neigh flush dev eth0")],
      },
      truths: ({ far, backend }) =>
        only(`(sysctl-wrong|proxy-arp-off) ${far.name} net.ipv4.conf.${backend.hostLink}.proxy_arp`),
    },
  },
  {
    id: "bridges do not call a filter",
    cni: "flannel",
    set: (which) => [`sysctl -q -w net.bridge.bridge-nf-call-${which}=0`],
    unset: (which) => [`sysctl -q -w net.bridge.bridge-nf-call-${which}=1`],
    beside: { where: everyNode, word: "arptables" },
    onPath: {
      where: near,
      word: "iptables",
      symptoms: (scene) => {
        const caller = scene.plan.pods.find((pod) => pod.app === "web" && pod.node === scene.near.name);
        return caller === undefined ? [] : [serviceCall(scene.plan, "frontend", caller)];
      },
      truths: ({ near }) => only(`(sysctl-wrong|bridge-nf-off) ${near.name} net.bridge.bridge-nf-call-iptables`),
    },
  },
  {
    id: "switches that are named in every hardening guide",
    cni: "calico",
    set: (forwarding) => [
      "sysctl -q -w net.ipv4.conf.all.log_martians=1",
      "sysctl -q -w net.ipv4.conf.all.accept_local=1",
      "sysctl -q -w net.ipv4.conf.all.accept_redirects=0",
      "sysctl -q -w net.ipv4.conf.all.send_redirects=0",
      "sysctl -q -w net.ipv4.conf.all.secure_redirects=0",
      "sysctl -q -w net.ipv4.icmp_echo_ignore_broadcasts=1",
      "sysctl -q -w net.ipv4.tcp_timestamps=0",
      "sysctl -q -w net.ipv4.tcp_syncookies=2",
      "sysctl -q -w net.ipv6.conf.all.disable_ipv6=1",
      `sysctl -q -w net.ipv4.conf.eth0.forwarding=${forwarding}`,
    ],
    unset: () => [
      "sysctl -q -w net.ipv4.conf.all.log_martians=0",
      "sysctl -q -w net.ipv4.conf.all.accept_local=0",
      "sysctl -q -w net.ipv4.conf.all.send_redirects=1",
      "sysctl -q -w net.ipv4.conf.all.secure_redirects=1",
      "sysctl -q -w net.ipv4.tcp_timestamps=1",
      "sysctl -q -w net.ipv4.tcp_syncookies=1",
      "sysctl -q -w net.ipv6.conf.all.disable_ipv6=0",
      "sysctl -q -w net.ipv4.conf.eth0.forwarding=1",
    ],
    beside: { where: everyNode, word: "1" },
    onPath: {
      where: near,
      word: "0",
      truths: ({ near }) => only(`per-iface-forwarding-off ${near.name} net.ipv4.conf.eth0.forwarding`),
    },
  },
];
