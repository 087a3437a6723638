import type { PlannedNode } from "../../src/lab/plan.ts";
import { nodeWiring } from "../../src/lab/wiring/node-wiring.ts";
import { on, only, type Scene, type UnlistedFault } from "./unlisted-fault.ts";

/** Tunnels. */
export const TUNNEL_FAULTS: readonly UnlistedFault[] = [
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
    id: "the node is a clone of the other: their tunnels have one MAC address",
    cni: "flannel",
    inject: ({ plan, near, far, tunnel }) => [
      on(near.netns, `ip link set ${tunnel} address ${far.tunnelMac}`),
      ...plan.nodes.flatMap((node) => (node.name === near.name ? [] : [on(node.netns, ...knownBy(near, tunnel, far))])),
    ],
    revert: ({ plan, near, far, tunnel }) => [
      on(near.netns, `ip link set ${tunnel} address ${near.tunnelMac}`),
      ...plan.nodes.flatMap((node) => [
        ...(node.name === near.name ? [] : [on(node.netns, ...knownBy(near, tunnel, near))]),
        ...(node.name === far.name || node.name === near.name ? [] : [on(node.netns, ...knownBy(far, tunnel, far))]),
        ...(node.name === far.name
          ? [on(node.netns, `bridge fdb del ${far.tunnelMac} dev ${tunnel} dst ${near.address} self`)]
          : []),
      ]),
    ],
    truths: ({ far }) => only(`duplicate-vtep-mac null MAC address ${far.tunnelMac}`),
  },
];

/** How the others know a node's tunnel, under the MAC address of one that may be another. */
function knownBy(node: PlannedNode, tunnel: string, { tunnelMac }: PlannedNode): string[] {
  return [
    `ip neigh replace ${node.tunnelAddress} lladdr ${tunnelMac} dev ${tunnel} nud permanent`,
    `bridge fdb replace ${tunnelMac} dev ${tunnel} dst ${node.address} self permanent`,
  ];
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
