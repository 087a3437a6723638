import { nodeWiring } from "../../src/lab/wiring/node-wiring.ts";
import { on, only, type Scene, type Step, type UnlistedFault } from "./unlisted-fault.ts";

const WRONG_MAC = "02:00:00:00:00:99";

/** Tunnels and neighbours. */
export const TUNNEL_FAULTS: readonly UnlistedFault[] = [
  {
    id: "the tunnel's FDB entry is gone",
    cni: "flannel",
    inject: ({ near, far, tunnel }) => [
      on(near.netns, `bridge fdb del ${far.tunnelMac} dev ${tunnel} dst ${far.address} self`),
    ],
    revert: ({ near, far, tunnel }) => [
      on(near.netns, `bridge fdb replace ${far.tunnelMac} dev ${tunnel} dst ${far.address} self permanent`),
    ],
    truths: ({ near, far, tunnel }) => only(`vxlan-fdb-missing ${near.name} fdb ${far.tunnelMac} dev ${tunnel}`),
  },
  {
    id: "the tunnel's FDB entry names a third node",
    cni: "calico",
    inject: ({ near, far, tunnel, plan }) => [
      on(
        near.netns,
        `bridge fdb replace ${far.tunnelMac} dev ${tunnel} dst ${plan.nodes.at(-1)?.address} self permanent`,
      ),
    ],
    revert: ({ near, far, tunnel }) => [
      on(near.netns, `bridge fdb replace ${far.tunnelMac} dev ${tunnel} dst ${far.address} self permanent`),
    ],
    truths: ({ near, far, tunnel }) => only(`vxlan-fdb-\\S+ ${near.name} fdb ${far.tunnelMac} dev ${tunnel}`),
  },
  {
    id: "the tunnel's neighbour is gone",
    cni: "calico",
    inject: ({ near, far, tunnel }) => [on(near.netns, `ip neigh del ${far.tunnelAddress} dev ${tunnel}`)],
    revert: ({ near, far, tunnel }) => [
      on(near.netns, `ip neigh replace ${far.tunnelAddress} lladdr ${far.tunnelMac} dev ${tunnel} nud permanent`),
    ],
    truths: ({ near, far, tunnel }) =>
      only(`vxlan-neigh-missing ${near.name} neigh ${far.tunnelAddress} dev ${tunnel}`),
  },
  {
    id: "the tunnel's far end has another MAC address than its peers believe",
    cni: "flannel",
    inject: ({ near, far, tunnel }) => [
      on(
        near.netns,
        `ip neigh replace ${far.tunnelAddress} lladdr ${WRONG_MAC} dev ${tunnel} nud permanent`,
        `bridge fdb replace ${WRONG_MAC} dev ${tunnel} dst ${far.address} self permanent`,
      ),
    ],
    revert: ({ near, far, tunnel }) => [
      on(
        near.netns,
        `ip neigh replace ${far.tunnelAddress} lladdr ${far.tunnelMac} dev ${tunnel} nud permanent`,
        `bridge fdb del ${WRONG_MAC} dev ${tunnel} dst ${far.address} self`,
      ),
    ],
    truths: ({ near, far, tunnel }) =>
      only(
        `(vxlan-vtep-mac-mismatch|vxlan-neigh-missing|stale-arp) ${near.name} neigh ${far.tunnelAddress} dev ${tunnel}`,
      ),
  },
  {
    id: "the tunnel's far end was made anew with another VNI",
    cni: "flannel",
    inject: (scene) => [tunnelAnew(scene, 2)],
    revert: (scene) => [tunnelAnew(scene, 1)],
    truths: ({ far, tunnel }) => only(`vxlan-vni-mismatch ${far.name} .*${tunnel}.*`),
  },
  {
    id: "a stale permanent neighbour for the pod",
    cni: "flannel",
    inject: ({ far, backend }) => [
      on(far.netns, `ip neigh replace ${backend.address} lladdr ${WRONG_MAC} dev cni0 nud permanent`),
    ],
    revert: ({ far, backend }) => [on(far.netns, `ip neigh del ${backend.address} dev cni0`)],
    truths: ({ far, backend }) => only(`stale-arp ${far.name} neigh ${backend.address} dev cni0`),
  },
  {
    id: "the node no longer answers for the pod's gateway",
    cni: "calico",
    inject: ({ far, backend }) => [
      on(far.netns, `sysctl -q -w net.ipv4.conf.${backend.hostLink}.proxy_arp=0`),
      on(backend.netns, "ip neigh flush dev eth0"),
    ],
    revert: ({ far, backend }) => [on(far.netns, `sysctl -q -w net.ipv4.conf.${backend.hostLink}.proxy_arp=1`)],
    truths: ({ far, backend }) => only(`sysctl-wrong ${far.name} net.ipv4.conf.${backend.hostLink}.proxy_arp`),
    forget: ({ backend }) => [on(backend.netns, "ip neigh flush dev eth0")],
  },
];

function tunnelAnew(scene: Scene, vni: number): Step {
  const { far, tunnel } = scene;
  const created = `type vxlan id ${vni} local ${far.address} dev eth0 dstport 8472 nolearning`;
  return on(
    far.netns,
    `ip link del ${tunnel}`,
    `ip link add ${tunnel} address ${far.tunnelMac} mtu 1450 ${created}`,
    `ip address add ${far.tunnelAddress}/32 dev ${tunnel}`,
    `ip link set ${tunnel} up`,
    ...peerLines(scene),
  );
}

/** What the CNI's daemon and the network service put back after a link was down. */
export function peerLines({ plan, far }: Scene): string[] {
  const { peers } = nodeWiring(plan, far);
  return [
    "ip route replace default via 192.168.6.1 dev eth0",
    ...peers.routes.map((line) => `ip ${line}`),
    ...peers.fdb.map((line) => `bridge ${line}`),
  ];
}
