import type { Plan, PlannedNode, PlannedPod } from "../plan.ts";
import { type NodeWiring, othersThan, overlayLink, type PeerWiring, podMtu, vxlanPort } from "./overlay.ts";

/** As flannel's backends and the CNI bridge plugin wire a node; compare fixtures/vxlan-healthy. */
export function flannelWiring(plan: Plan, node: PlannedNode): NodeWiring {
  const mtu = podMtu(plan);
  const gateway = bridgeAddress(node);
  const pods = plan.pods.filter((pod) => pod.node === node.name);
  return {
    tunnel: tunnelLines(plan, node),
    links: [
      // The plugin gives the bridge a MAC of its own, so that it does not change with the ports.
      `link add cni0 address ${node.bridgeMac} mtu ${mtu} type bridge`,
      `address add ${gateway}/24 brd + dev cni0`,
      "link set cni0 up",
      ...pods.flatMap((pod) => [
        `link add ${pod.hostLink} address ${pod.hostMac} mtu ${mtu} type veth peer name eth0 address ${pod.mac} mtu ${mtu} netns ${pod.netns}`,
        `link set ${pod.hostLink} master cni0`,
        `link set ${pod.hostLink} type bridge_slave hairpin on`,
        `link set ${pod.hostLink} up`,
      ]),
    ],
    sysctls: {},
    ipsets: [],
    peers: flannelPeers(plan, node),
  };
}

export function flannelPodLines(plan: Plan, node: PlannedNode, pod: PlannedPod): string[] {
  const gateway = bridgeAddress(node);
  return [
    `address add ${pod.address}/24 brd + dev eth0`,
    "link set eth0 up",
    `route add default via ${gateway} dev eth0`,
    `route add ${plan.clusterCidr} via ${gateway} dev eth0`,
  ];
}

function flannelPeers(plan: Plan, node: PlannedNode): PeerWiring {
  const link = overlayLink(plan);
  const others = othersThan(plan, node);
  if (plan.overlay === "host-gw") {
    return { routes: others.map((peer) => `route replace ${peer.podCidr} via ${peer.address} dev eth0`), fdb: [] };
  }
  if (plan.overlay === "ipip") {
    return {
      routes: others.map((peer) => `route replace ${peer.podCidr} via ${peer.address} dev ${link} onlink`),
      fdb: [],
    };
  }
  return {
    routes: others.flatMap((peer) => [
      `neigh replace ${peer.tunnelAddress} lladdr ${peer.tunnelMac} dev ${link} nud permanent`,
      `route replace ${peer.podCidr} via ${peer.tunnelAddress} dev ${link} onlink`,
    ]),
    fdb: others.map((peer) => `fdb replace ${peer.tunnelMac} dev ${link} dst ${peer.address} self permanent`),
  };
}

function tunnelLines(plan: Plan, node: PlannedNode): string[] {
  const link = overlayLink(plan);
  if (plan.overlay === "host-gw") return [];
  const create =
    plan.overlay === "vxlan"
      ? `link add ${link} address ${node.tunnelMac} mtu ${podMtu(plan)} type vxlan id 1 local ${node.address} dev eth0 dstport ${vxlanPort(plan)} nolearning`
      : `link add ${link} mtu ${podMtu(plan)} type ipip local ${node.address}`;
  return [create, `address add ${node.tunnelAddress}/32 dev ${link}`, `link set ${link} up`];
}

function bridgeAddress(node: PlannedNode): string {
  return node.podCidr.replace(/\.0\/24$/, ".1");
}
