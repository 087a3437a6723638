import { type Cluster, type Pod, podKey } from "../../../facts/cluster.ts";
import { contains, type Ip, parsePrefix, sameIp } from "../../../facts/ip.ts";
import { type NetnsId, netnsId, netnsNameOf, nodeOf } from "../../../facts/provenance.ts";
import { linksOf, type World } from "../../../facts/world.ts";

/** One end of a flow, as a policy may take it. */
export interface Party {
  /** Selectors mean pods with a network of their own. */
  readonly pod: Pod | null;
  /** The machine whose own address it is: nobody's policy keeps a node from its pods. */
  readonly node: string | null;
  /** An address of a pod that is not known: labels cannot be told. */
  readonly isStrange: boolean;
  /** Before and after translation: which of them a policy means is up to who enforces it. */
  readonly ips: readonly Ip[];
}

export function partyAt(cluster: Cluster, world: World, ip: Ip, ips: readonly Ip[] = [ip]): Party {
  const pods = cluster.pods.filter(
    (p) => !p.hostNetwork && p.phase === "Running" && p.ips.some((own) => sameIp(own, ip)),
  );
  const [pod = null] = pods;
  const node = pod === null ? nodeAt(cluster, world, ip) : null;
  const isStrange = pods.length > 1 || (pod === null && node === null && isOfPods(cluster, ip));
  return { pod: isStrange ? null : pod, node, isStrange, ips };
}

/** Who sends from a namespace. */
export function partyIn(cluster: Cluster, world: World, netns: NetnsId, ip: Ip): Party {
  const name = netnsNameOf(netns);
  const pod = cluster.pods.find((p) => `pod:${podKey(p)}` === name && p.node === nodeOf(netns));
  if (pod !== undefined) return { pod, node: null, isStrange: false, ips: [ip] };
  const isNode = name === "host" && cluster.nodes.some((n) => n.name === nodeOf(netns));
  return isNode ? { pod: null, node: nodeOf(netns), isStrange: false, ips: [ip] } : partyAt(cluster, world, ip);
}

function nodeAt(cluster: Cluster, world: World, ip: Ip): string | null {
  const node = cluster.nodes.find(
    ({ name, internalIps }) =>
      internalIps.some((own) => sameIp(own, ip)) ||
      linksOf(world.netns.get(netnsId(name, "host"))).some((l) => l.addresses.some((a) => sameIp(a.ip, ip))),
  );
  return node?.name ?? null;
}

function isOfPods(cluster: Cluster, ip: Ip): boolean {
  return cluster.nodes.some((n) =>
    n.podCidrs.some((cidr) => {
      const within = parsePrefix(cidr);
      return within !== null && contains(within, ip);
    }),
  );
}
