import { sysctlOfLink } from "../netns.ts";
import type { Plan, PlannedNode, PlannedPod } from "../plan.ts";
import { type NodeWiring, othersThan, overlayLink, type PeerWiring, podMtu, vxlanPort } from "./overlay.ts";

/** RTPROT_BIRD of /etc/iproute2/rt_protos, as a number for systems that ship without that file. */
const PROTO_BIRD = 12;
/** Felix marks the blackhole of its own block with 80 where no BIRD runs (felix/dataplane/linux, defaultVXLANProto). */
const PROTO_FELIX = 80;

/** As Felix, BIRD and Calico's CNI plugin wire a node; compare fixtures/ipip-healthy. */
export function calicoWiring(plan: Plan, node: PlannedNode): NodeWiring {
  const mtu = podMtu(plan);
  const pods = plan.pods.filter((pod) => pod.node === node.name);
  return {
    tunnel: tunnelLines(plan, node),
    links: [
      ...pods.flatMap((pod) => [
        `link add ${pod.hostLink} address ${pod.hostMac} mtu ${mtu} type veth peer name eth0 address ${pod.mac} mtu ${mtu} netns ${pod.netns}`,
        `link set ${pod.hostLink} up`,
        podRoute(pod),
      ]),
    ],
    // felix/dataplane/linux/endpoint_mgr.go, configureInterface. The pod's gateway, 169.254.1.1, is nobody's address:
    // the node answers for it by proxy ARP.
    sysctls: Object.fromEntries(
      pods.flatMap((pod) => [
        [sysctlOfLink(pod.hostLink, "rp_filter"), "1"],
        [sysctlOfLink(pod.hostLink, "route_localnet"), "1"],
        [sysctlOfLink(pod.hostLink, "proxy_arp"), "1"],
        [sysctlOfLink(pod.hostLink, "forwarding"), "1"],
        // Else the kernel takes up to 0.8 s to answer an ARP request by proxy (arp(7), proxy_delay).
        [`net.ipv4.neigh.${pod.hostLink}.proxy_delay`, "0"],
      ]),
    ),
    ipsets: [
      "create cali40all-hosts-net hash:net family inet",
      ...plan.nodes.map((other) => `add cali40all-hosts-net ${other.address}`),
      "create cali40all-vxlan-net hash:net family inet",
      ...othersThan(plan, node).map((other) => `add cali40all-vxlan-net ${other.address}`),
      "create cali40masq-ipam-pools hash:net family inet",
      `add cali40masq-ipam-pools ${plan.clusterCidr}`,
      "create cali40all-ipam-pools hash:net family inet",
      `add cali40all-ipam-pools ${plan.clusterCidr}`,
    ],
    peers: calicoPeers(plan, node),
  };
}

export function calicoPodLines(pod: PlannedPod): string[] {
  return [
    `address add ${pod.address}/32 dev eth0`,
    "link set eth0 up",
    "route add 169.254.1.1 dev eth0 scope link",
    "route add default via 169.254.1.1 dev eth0",
  ];
}

/** Setting a link down removes its routes; Felix puts this one back when the link is up again. */
export function podRoute(pod: PlannedPod): string {
  return `route replace ${pod.address}/32 dev ${pod.hostLink} scope link`;
}

function calicoPeers(plan: Plan, node: PlannedNode): PeerWiring {
  const link = overlayLink(plan);
  const others = othersThan(plan, node);
  if (plan.overlay === "vxlan") {
    return {
      routes: [
        `route replace blackhole ${node.podCidr} proto ${PROTO_FELIX}`,
        ...others.flatMap((peer) => [
          `neigh replace ${peer.tunnelAddress} lladdr ${peer.tunnelMac} dev ${link} nud permanent`,
          `route replace ${peer.podCidr} via ${peer.tunnelAddress} dev ${link} onlink`,
        ]),
      ],
      fdb: others.map((peer) => `fdb replace ${peer.tunnelMac} dev ${link} dst ${peer.address} self permanent`),
    };
  }
  const onlink = plan.overlay === "ipip" ? " onlink" : "";
  return {
    routes: [
      `route replace blackhole ${node.podCidr} proto ${PROTO_BIRD}`,
      ...others.map(
        (peer) => `route replace ${peer.podCidr} via ${peer.address} dev ${link} proto ${PROTO_BIRD}${onlink}`,
      ),
    ],
    fdb: [],
  };
}

function tunnelLines(plan: Plan, node: PlannedNode): string[] {
  const link = overlayLink(plan);
  const mtu = podMtu(plan);
  if (plan.overlay === "host-gw") return [];
  const create =
    plan.overlay === "vxlan"
      ? `link add ${link} address ${node.tunnelMac} mtu ${mtu} type vxlan id 4096 local ${node.address} dev eth0 dstport ${vxlanPort(plan)} nolearning`
      : `link set ${link} mtu ${mtu}`;
  return [create, `address add ${node.tunnelAddress}/32 dev ${link}`, `link set ${link} up`];
}
