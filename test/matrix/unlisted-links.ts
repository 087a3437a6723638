import type { PlannedNode } from "../../src/lab/plan.ts";
import { lanOf, on, only, type Step, type UnlistedFault } from "./unlisted-fault.ts";
import { peerLines } from "./unlisted-tunnels.ts";

/** cBPF for a clsact hook, where a frame begins with its Ethernet header: UDP to 8472 is TC_ACT_SHOT, all else TC_ACT_OK. */
const DROP_VXLAN = "6,48 0 0 23,21 0 3 17,40 0 0 36,21 0 1 8472,6 0 0 2,6 0 0 0";

/** Links and bridges, and hooks that no table of rules shows to everybody. */
export const LINK_FAULTS: readonly UnlistedFault[] = [
  {
    id: "the uplink was shut on the node",
    cni: "flannel",
    inject: ({ far }) => [on(far.netns, "ip link set eth0 down")],
    revert: (scene) => [on(scene.far.netns, "ip link set eth0 up", ...peerLines(scene))],
    truths: ({ far }) => only(`link-down ${far.name} link eth0`),
  },
  {
    id: "the node has lost its address",
    cni: "flannel",
    inject: ({ far }) => [on(far.netns, `ip address del ${far.address}/24 dev eth0`)],
    revert: ({ far }) => [
      on(
        far.netns,
        `ip address add ${far.address}/24 brd + dev eth0`,
        "ip route replace default via 192.168.6.1 dev eth0",
      ),
    ],
    truths: ({ far }) => only(`node-address-missing ${far.name} address ${far.address}/24 dev eth0`),
  },
  {
    id: "the node came back from its suspension with another address",
    cni: "flannel",
    inject: ({ far }) => [readdressed(far, far.address, "192.168.6.77")],
    revert: ({ far }) => [readdressed(far, "192.168.6.77", far.address)],
    truths: ({ far }) => only(`node-address-missing ${far.name} address ${far.address}/24 dev eth0`),
  },
  {
    id: "the bridge of the pods is down",
    cni: "flannel",
    inject: ({ far }) => [on(far.netns, "ip link set cni0 down")],
    revert: ({ far }) => [on(far.netns, "ip link set cni0 up")],
    truths: ({ far }) => only(`link-down ${far.name} link cni0`),
  },
  {
    id: "the uplink's cable is out",
    cni: "calico",
    inject: ({ lab, far }) => [on(lanOf(lab.clientNetns), `ip link set ${far.name} down`)],
    revert: ({ lab, far }) => [on(lanOf(lab.clientNetns), `ip link set ${far.name} up`)],
    truths: ({ far }) => only("fabric-drop null .*", `link-down ${far.name} link eth0`),
  },
  {
    id: "the switch between the nodes drops the tunnel's packets",
    cni: "flannel",
    inject: ({ lab }) => [
      on(
        lanOf(lab.clientNetns),
        "nft add table bridge acl",
        "nft add chain bridge acl block '{ type filter hook forward priority 0; }'",
        "nft add rule bridge acl block udp dport 8472 drop",
      ),
    ],
    revert: ({ lab }) => [on(lanOf(lab.clientNetns), "nft delete table bridge acl")],
    truths: () => only("fabric-drop null .*"),
  },
  {
    id: "a black hole for larger packets on the tunnel's device",
    cni: "flannel",
    inject: ({ near, gateway, tunnel }) => [
      on(near.netns, `ip link set ${tunnel} mtu 100`),
      on(gateway.netns, "iptables-nft -A INPUT -p icmp --icmp-type fragmentation-needed -j DROP"),
    ],
    revert: ({ near, gateway, tunnel }) => [
      on(near.netns, `ip link set ${tunnel} mtu 1450`),
      on(gateway.netns, "iptables-nft -D INPUT 1", "ip route flush cache"),
    ],
    truths: ({ near, gateway, tunnel }) =>
      only(
        `mtu-black-hole ${near.name} link ${tunnel}`,
        `pod-iptables-drop ${gateway.node} rule iptables-nft:filter/INPUT#1`,
      ),
  },
  {
    id: "the uplink speaks no ARP",
    cni: "flannel",
    inject: ({ far }) => [on(far.netns, "ip link set eth0 arp off")],
    revert: ({ far }) => [on(far.netns, "ip link set eth0 arp on")],
    truths: ({ far }) => only(`\\S+ ${far.name} .*eth0.*`),
  },
  {
    id: "the node answers no ARP on its uplink",
    cni: "flannel",
    inject: ({ far, near }) => [
      on(far.netns, "sysctl -q -w net.ipv4.conf.eth0.arp_ignore=8"),
      on(near.netns, "ip neigh flush dev eth0"),
    ],
    revert: ({ far }) => [on(far.netns, "sysctl -q -w net.ipv4.conf.eth0.arp_ignore=0")],
    forget: ({ near }) => [on(near.netns, "ip neigh flush dev eth0")],
    truths: ({ far }) => only(`sysctl-wrong ${far.name} net.ipv4.conf.eth0.arp_ignore`),
  },
  {
    id: "nothing is forwarded that comes in by the tunnel's device",
    cni: "calico",
    inject: ({ far, tunnel }) => [on(far.netns, `sysctl -q -w net.ipv4.conf.${tunnel.replace(".", "/")}.forwarding=0`)],
    revert: ({ far, tunnel }) => [on(far.netns, `sysctl -q -w net.ipv4.conf.${tunnel.replace(".", "/")}.forwarding=1`)],
    truths: ({ far, tunnel }) => only(`\\S+ ${far.name} net\\.ipv4\\.conf\\.${tunnel}\\.forwarding`),
  },
  {
    id: "nft netdev ingress drops on the uplink",
    cni: "flannel",
    inject: ({ far }) => [
      on(
        far.netns,
        "nft add table netdev early",
        "nft add chain netdev early in '{ type filter hook ingress device eth0 priority 0; }'",
        "nft add rule netdev early in udp dport 8472 drop",
      ),
    ],
    revert: ({ far }) => [on(far.netns, "nft delete table netdev early")],
    truths: ({ far }) => only(`(vxlan-udp-blocked|rule-drops) ${far.name} rule nft:early/in#1`),
  },
  {
    id: "the node's ARP table drops what is asked of it",
    cni: "flannel",
    inject: ({ far, near }) => [
      on(
        far.netns,
        "nft add table arp guard",
        "nft add chain arp guard in '{ type filter hook input priority 0; }'",
        "nft add rule arp guard in arp operation request drop",
      ),
      on(near.netns, "ip neigh flush dev eth0"),
    ],
    revert: ({ far }) => [on(far.netns, "nft delete table arp guard")],
    truths: () => [],
  },
  {
    id: "tc egress drops the tunnel's packets on the uplink",
    cni: "flannel",
    inject: ({ near }) => [
      on(near.netns, "tc qdisc add dev eth0 clsact", `tc filter add dev eth0 egress bpf da bytecode '${DROP_VXLAN}'`),
    ],
    revert: ({ near }) => [on(near.netns, "tc qdisc del dev eth0 clsact")],
    truths: () => [],
  },
  {
    id: "the tunnel's queue takes nothing",
    cni: "calico",
    inject: ({ far, tunnel }) => [on(far.netns, `tc qdisc add dev ${tunnel} root pfifo limit 0`)],
    revert: ({ far, tunnel }) => [on(far.netns, `tc qdisc del dev ${tunnel} root`)],
    truths: () => [],
  },
];

/** As a DHCP client does it: the routes by that link are set again. */
function readdressed({ netns }: PlannedNode, from: string, to: string): Step {
  return on(
    netns,
    `ip addr del ${from}/24 dev eth0`,
    `ip addr add ${to}/24 brd + dev eth0`,
    "ip route replace default via 192.168.6.1 dev eth0",
  );
}
