import type { PlannedNode } from "../../src/lab/plan.ts";
import { nodeWiring } from "../../src/lab/wiring/node-wiring.ts";
import { lanOf, on, only, type Scene, type UnlistedFault } from "./unlisted-fault.ts";

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
    id: "the node's tunnel was made on the link that has the same address on every VM",
    cni: "flannel",
    inject: ({ lab, plan, far, tunnel }) => [
      ...plan.nodes.map((node) =>
        on(
          node.netns,
          `ip link add nat0 type veth peer name nat-${node.name} netns ${lanOf(lab.clientNetns)}`,
          "ip addr add 10.0.2.15/24 dev nat0",
          "ip link set nat0 up",
        ),
      ),
      on(far.netns, `ip link set ${tunnel} type vxlan id 1 local 10.0.2.15 dev nat0`),
      ...knowing(far, plan.nodes, tunnel, "10.0.2.15"),
    ],
    revert: ({ plan, far, tunnel }) => [
      on(far.netns, `ip link set ${tunnel} type vxlan id 1 local ${far.address} dev eth0`),
      ...knowing(far, plan.nodes, tunnel, far.address),
      ...plan.nodes.map((node) => on(node.netns, "ip link del nat0")),
    ],
    truths: () => only("duplicate-vtep-address null address 10.0.2.15"),
  },
  {
    id: "the node is a clone of the other: their tunnels have one MAC address",
    cni: "flannel",
    inject: (scene) => withMac(scene, scene.far),
    revert: (scene) => [
      ...withMac(scene, scene.near),
      on(scene.far.netns, `bridge fdb del ${scene.far.tunnelMac} dev ${scene.tunnel} dst ${scene.near.address} self`),
    ],
    truths: ({ far }) => only(`duplicate-vtep-mac null MAC address ${far.tunnelMac}`),
  },
];

/** Every other node's FDB entry for that node's tunnel. */
function knowing(whom: PlannedNode, nodes: readonly PlannedNode[], tunnel: string, address: string) {
  return nodes.flatMap(({ name, netns }) =>
    name === whom.name
      ? []
      : [on(netns, `bridge fdb replace ${whom.tunnelMac} dev ${tunnel} dst ${address} self permanent`)],
  );
}

/** The near node's tunnel is made under the MAC address of another's, and each CNI's daemon tells its kernel of all others. */
function withMac({ plan, near, tunnel }: Scene, { tunnelMac }: PlannedNode) {
  const known = plan.nodes.map((node) => (node.name === near.name ? { ...near, tunnelMac } : node));
  return [
    on(near.netns, `ip link set ${tunnel} address ${tunnelMac}`),
    ...plan.nodes.map(({ name, netns }) =>
      on(
        netns,
        ...known
          .filter((other) => other.name !== name)
          .flatMap((other) => [
            `ip neigh replace ${other.tunnelAddress} lladdr ${other.tunnelMac} dev ${tunnel} nud permanent`,
            `bridge fdb replace ${other.tunnelMac} dev ${tunnel} dst ${other.address} self permanent`,
          ]),
      ),
    ),
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
