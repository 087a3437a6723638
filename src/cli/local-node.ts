import { hostname, networkInterfaces } from "node:os";
import type { KubeNode } from "../facts/cluster.ts";
import { parseIp, sameIp } from "../facts/ip.ts";
import type { NodeName } from "../facts/provenance.ts";

/** What tells which node this machine is. */
export interface Machine {
  readonly hostname: string;
  readonly addresses: readonly string[];
}

export function thisMachine(): Machine {
  const addresses = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));
  return { hostname: hostname(), addresses };
}

/**
 * The cluster's name for a machine: its hostname, whatever its case (kubelet writes it in lower case), or else that of the one
 * node whose address it has (kubelet's --hostname-override, a cloud's own names). The hostname where no node fits.
 */
export function nodeNameOf(machine: Machine, nodes: readonly KubeNode[]): NodeName {
  const wanted = machine.hostname.toLowerCase();
  const named = nodes.find(({ name }) => name.toLowerCase() === wanted);
  if (named !== undefined) return named.name;
  const own = machine.addresses.map(parseIp).filter((ip) => ip !== null);
  const [only, ...others] = nodes.filter(({ internalIps }) => internalIps.some((ip) => own.some((o) => sameIp(o, ip))));
  return only !== undefined && others.length === 0 ? only.name : machine.hostname;
}
