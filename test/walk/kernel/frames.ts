import { cluster } from "./cluster.ts";
import { Dice } from "./dice.ts";
import type { Topology } from "./topology.ts";

/** A cluster, and on one of its nodes a chain below IP: of the bridge family, or of a device's ingress or egress. */
export function frames(seed: number): Topology {
  const t = cluster(seed);
  const dice = new Dice(seed * 104_729);
  const node = dice.pick(["n1", "n2"]);
  const what = dice.pick(["meta l4proto tcp", "meta l4proto udp", "ip daddr 10.42.0.0/16", "ip saddr 10.42.0.0/16"]);
  const verdict = dice.pick(["drop", "drop", "drop", "accept"]);
  const device = dice.pick(["eth0", "vetha", "cni0", "flannel.1"]);
  const bound = dice.chance(0.5)
    ? `hook ${dice.pick(["prerouting", "input", "forward", "output", "postrouting"])}`
    : `hook ${dice.pick(["ingress", "egress"])} device ${device}`;
  const family = bound.includes("device") ? "netdev" : "bridge";
  t.run(
    node,
    `nft add table ${family} early && nft add chain ${family} early c "{ type filter ${bound} priority -250; }" && nft add rule ${family} early c ${what} ${verdict} || true`,
  );
  t.faults.push(`${bound}: ${what} ${verdict} on ${node}`);
  return t;
}
