import { backendPod, everyNode, far, near, type OddSetting } from "./odd-setting.ts";
import { serviceCall } from "./symptoms.ts";
import { on, only, type Scene } from "./unlisted-fault.ts";
import { peerLines } from "./unlisted-tunnels.ts";

const WRONG_MAC = "02:00:00:00:00:99";

/** A switch of a link, as procps writes its name. */
const conf = (link: string): string => link.replaceAll(".", "/");

/** On the far node, requests come in by the tunnel and answers leave by the uplink. */
const asymmetry = {
  set: ({ near, far }: Scene) => [on(far.netns, `ip route replace ${near.podCidr} via ${near.address} dev eth0`)],
  unset: ({ near, far, tunnel }: Scene) => [
    on(far.netns, `ip route replace ${near.podCidr} via ${near.tunnelAddress} dev ${tunnel} onlink`),
  ],
};
const strictly = ({ near, far }: Scene) =>
  only(
    `rp-filter-strict ${far.name} net.ipv4.conf.*.rp_filter`,
    `(wrong-route|no-route-to-pod-cidr) ${far.name} route ${near.podCidr} table main`,
  );

export const ODD_LINKS: readonly OddSetting[] = [
  {
    id: "a tunnel is down",
    cni: "flannel",
    set: (link) => [`ip link set ${link} down`],
    unset: (link, scene) => [`ip link set ${link} up`, ...peerLines(scene)],
    beside: { where: everyNode, word: "spare.7" },
    onPath: {
      where: far,
      word: ({ tunnel }) => tunnel,
      truths: ({ far, tunnel }) => only(`link-down ${far.name} link ${tunnel}`),
    },
  },
  {
    id: "a link does not forward",
    cni: "calico",
    set: (link) => [`sysctl -q -w net.ipv4.conf.${conf(link)}.forwarding=0`],
    unset: (link) => [`sysctl -q -w net.ipv4.conf.${conf(link)}.forwarding=1`],
    beside: { where: everyNode, word: "idle0" },
    onPath: {
      where: far,
      word: ({ tunnel }) => tunnel,
      truths: ({ far, tunnel }) =>
        only(`per-iface-forwarding-off ${far.name} net.ipv4.conf.${conf(tunnel)}.forwarding`),
    },
  },
  {
    id: "a link filters strictly by the reverse path",
    cni: "flannel",
    set: (link) => [`sysctl -q -w net.ipv4.conf.${conf(link)}.rp_filter=1`],
    unset: (link) => [`sysctl -q -w net.ipv4.conf.${conf(link)}.rp_filter=0`],
    beside: { where: everyNode, word: "idle0" },
    onPath: { where: far, word: ({ tunnel }) => tunnel, given: asymmetry, truths: strictly },
  },
  {
    id: "all links filter by the reverse path",
    cni: "flannel",
    set: (how) => [`sysctl -q -w net.ipv4.conf.all.rp_filter=${how}`],
    unset: () => ["sysctl -q -w net.ipv4.conf.all.rp_filter=0"],
    beside: { where: everyNode, word: "2" },
    onPath: { where: far, word: "1", given: asymmetry, truths: strictly },
  },
  {
    id: "all links filter strictly by the reverse path",
    cni: "calico",
    set: () => ["sysctl -q -w net.ipv4.conf.all.rp_filter=1"],
    unset: () => ["sysctl -q -w net.ipv4.conf.all.rp_filter=0"],
    beside: { where: everyNode, word: "" },
    onPath: { where: far, word: "", given: asymmetry, truths: strictly },
  },
  {
    id: "a link's MTU is small",
    cni: "flannel",
    set: (link) => [`ip link set ${link} mtu 100`],
    unset: (link) => [`ip link set ${link} mtu 1450`],
    beside: { where: everyNode, word: "idle0" },
    onPath: {
      where: near,
      word: ({ tunnel }) => tunnel,
      given: {
        set: ({ gateway }) => [
          on(gateway.netns, "iptables-nft -A INPUT -p icmp --icmp-type fragmentation-needed -j DROP"),
        ],
        unset: ({ gateway }) => [on(gateway.netns, "iptables-nft -D INPUT 1", "ip route flush cache")],
      },
      truths: ({ near, gateway, tunnel }) =>
        only(
          `mtu-black-hole ${near.name} link ${tunnel}`,
          `pod-iptables-drop ${gateway.node} rule iptables-nft:filter/INPUT#1`,
        ),
    },
  },
  {
    id: "a neighbour is permanent",
    cni: "flannel",
    set: (mac, { far }) => [`ip neigh replace ${far.address} lladdr ${mac} dev eth0 nud permanent`],
    unset: (_mac, { far }) => [`ip neigh del ${far.address} dev eth0`],
    beside: { where: near, word: ({ far }) => far.mac },
    onPath: {
      where: near,
      word: WRONG_MAC,
      truths: ({ near, far }) => only(`(stale-arp|wrong-next-hop-mac) ${near.name} neigh ${far.address} dev eth0`),
    },
  },
  {
    id: "a pod's neighbour is permanent",
    cni: "calico",
    set: (mac) => [`ip neigh replace 169.254.1.1 lladdr ${mac} dev eth0 nud permanent`],
    unset: () => ["ip neigh del 169.254.1.1 dev eth0"],
    beside: { where: backendPod, word: ({ backend }) => backend.hostMac },
    onPath: {
      where: backendPod,
      word: WRONG_MAC,
      truths: ({ far }) => only(`(stale-arp|wrong-next-hop-mac) ${far.name} neigh 169.254.1.1 dev eth0`),
    },
  },
  {
    id: "a port sends nothing back out of itself",
    cni: "flannel",
    set: (port) => [`bridge link set dev ${port} hairpin off`],
    unset: (port) => [`bridge link set dev ${port} hairpin on`],
    beside: { where: far, word: ({ backend }) => backend.hostLink },
    onPath: {
      where: near,
      word: ({ gateway }) => gateway.hostLink,
      symptoms: ({ plan, gateway }) => [serviceCall(plan, "frontend", gateway)],
      truths: ({ near, gateway }) => only(`hairpin-off ${near.name} link ${gateway.hostLink}.*`),
    },
  },
];
