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
];

/** What the CNI's daemon and the network service put back after a link was down. */
export function peerLines({ plan, far }: Scene): string[] {
  const { peers } = nodeWiring(plan, far);
  return [
    "ip route replace default via 192.168.6.1 dev eth0",
    ...peers.routes.map((line) => `ip ${line}`),
    ...peers.fdb.map((line) => `bridge ${line}`),
  ];
}
