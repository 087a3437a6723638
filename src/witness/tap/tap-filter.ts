import { DEFAULT_TUNNEL_PORTS, type TunnelPorts } from "../decode/tunnels.ts";

/** What a probe may look like at any tap: ports before and after NAT. */
export interface Wanted {
  readonly protocol: "tcp" | "udp" | "icmp";
  /** Empty: every port. For a Service the port asked for and those of its endpoints. */
  readonly ports: readonly number[];
}

/**
 * A pcap-filter(7) that hears the probes bare and inside tunnels, with all ICMP for the errors. By port rather than by address:
 * NAT changes addresses, and a filter on the inner address misses the encapsulated copy. Fragments have no ports.
 */
export function tapFilter(wanted: readonly Wanted[], tunnelPorts: TunnelPorts = DEFAULT_TUNNEL_PORTS): string {
  const terms = [
    "icmp",
    "icmp6",
    "ip proto 4",
    "ip proto 41",
    "ip proto 47",
    "ip6 proto 4",
    "ip6 proto 41",
    "ip6 proto 47",
    "ip[6:2] & 0x1fff != 0",
  ];
  for (const port of new Set([...tunnelPorts.vxlan, ...tunnelPorts.geneve])) terms.push(`udp port ${checked(port)}`);
  for (const { protocol, ports } of wanted) {
    if (protocol === "icmp") continue;
    if (ports.length === 0) terms.push(protocol);
    for (const port of new Set(ports)) terms.push(`${protocol} port ${checked(port)}`);
  }
  return [...new Set(terms)].map((term) => `(${term})`).join(" or ");
}

function checked(port: number): number {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new RangeError(`not a port: ${port}`);
  return port;
}
