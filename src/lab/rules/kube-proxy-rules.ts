import { createHash } from "node:crypto";
import { chain, restoreText } from "./restore-text.ts";

/** A Service's port and where it leads, as kube-proxy sees it. */
export interface ServicePort {
  /** "namespace/name:port", kube-proxy's ServicePortName. */
  name: string;
  protocol: "TCP" | "UDP";
  clusterIp: string;
  port: number;
  nodePort: number | null;
  /** externalTrafficPolicy: Local. */
  isExternalLocal: boolean;
  endpoints: readonly Endpoint[];
}

interface Endpoint {
  address: string;
  port: number;
  node: string;
}

const MASQ = "KUBE-MARK-MASQ";

/**
 * The text of one sync on one node in iptables mode (pkg/proxy/iptables/proxier.go, syncProxyRules), for `iptables-restore
 * --noflush`: a chain that is declared is emptied first, all others stay as they are. `stale` are chains of an earlier
 * sync that no Service needs any longer.
 */
export function kubeProxyRules(
  ports: readonly ServicePort[],
  clusterCidr: string,
  node: string,
  stale: readonly string[],
): string {
  const filter: string[] = [];
  const nat: string[] = [];
  const nodePorts: string[] = [];
  for (const port of ports) {
    const protocol = port.protocol.toLowerCase();
    const match = `-m ${protocol} --dport`;
    if (port.endpoints.length === 0) {
      filter.push(
        `-A KUBE-SERVICES -d ${port.clusterIp}/32 -p ${protocol} -m comment --comment "${port.name} has no endpoints" ${match} ${port.port} -j REJECT`,
      );
      if (port.nodePort !== null) {
        filter.push(
          `-A KUBE-EXTERNAL-SERVICES -p ${protocol} -m comment --comment "${port.name} has no endpoints" -m addrtype --dst-type LOCAL ${match} ${port.nodePort} -j REJECT`,
        );
      }
      continue;
    }
    const service = serviceChain("SVC", port);
    const portal = `-d ${port.clusterIp}/32 -p ${protocol} -m comment --comment "${port.name} cluster IP" ${match} ${port.port}`;
    nat.push(`-A KUBE-SERVICES ${portal} -j ${service}`);
    if (port.nodePort !== null) {
      const external = serviceChain("EXT", port);
      nodePorts.push(
        `-A KUBE-NODEPORTS -p ${protocol} -m comment --comment "${port.name}" ${match} ${port.nodePort} -j ${external}`,
      );
      if (port.isExternalLocal && localEndpoints(port, node).length === 0) {
        filter.push(
          `-A KUBE-EXTERNAL-SERVICES -p ${protocol} -m comment --comment "${port.name} has no local endpoints" -m addrtype --dst-type LOCAL ${match} ${port.nodePort} -j DROP`,
        );
      }
      nat.push(...fromOutside(port, external, service, clusterCidr, node));
    }
    nat.push(`-A ${service} ! -s ${clusterCidr} ${portal} -j ${MASQ}`);
    nat.push(...balancing(port, service, port.endpoints), ...port.endpoints.flatMap((one) => translation(port, one)));
  }
  nat.push(
    '-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS',
  );
  return restoreText({
    filter: [
      ...["KUBE-NODEPORTS", "KUBE-SERVICES", "KUBE-EXTERNAL-SERVICES", "KUBE-FORWARD", "KUBE-PROXY-FIREWALL"].map(
        chain,
      ),
      ...filter,
      "-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP",
      '-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT',
      '-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    ],
    nat: [
      ...["KUBE-NODEPORTS", "KUBE-SERVICES", MASQ, "KUBE-POSTROUTING", ...serviceChains(ports, node), ...stale].map(
        chain,
      ),
      "-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN",
      "-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0",
      '-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully',
      `-A ${MASQ} -j MARK --set-xmark 0x4000/0x4000`,
      ...nodePorts,
      ...nat,
      ...stale.map((name) => `-X ${name}`),
    ],
  });
}

/** The chains that a sync makes for Services, to know which of them the next one leaves behind. */
export function serviceChains(ports: readonly ServicePort[], node: string): string[] {
  return ports
    .filter((port) => port.endpoints.length > 0)
    .flatMap((port) => [
      serviceChain("SVC", port),
      ...(port.nodePort === null ? [] : [serviceChain("EXT", port)]),
      ...(hasLocalChain(port, node) ? [serviceChain("SVL", port)] : []),
      ...port.endpoints.map((endpoint) => endpointChain(port, endpoint)),
    ]);
}

function localEndpoints(port: ServicePort, node: string): readonly Endpoint[] {
  return port.endpoints.filter((endpoint) => endpoint.node === node);
}

function hasLocalChain(port: ServicePort, node: string): boolean {
  return port.nodePort !== null && port.isExternalLocal && localEndpoints(port, node).length > 0;
}

/** What comes to a node port: to any endpoint and masqueraded, or to those of this node alone, and then as it came. */
function fromOutside(
  port: ServicePort,
  external: string,
  service: string,
  clusterCidr: string,
  node: string,
): string[] {
  const to = `${port.name} external destinations"`;
  if (!port.isExternalLocal) {
    return [
      `-A ${external} -m comment --comment "masquerade traffic for ${to} -j ${MASQ}`,
      `-A ${external} -j ${service}`,
    ];
  }
  const local = serviceChain("SVL", port);
  return [
    `-A ${external} -s ${clusterCidr} -m comment --comment "pod traffic for ${to} -j ${service}`,
    `-A ${external} -m comment --comment "masquerade LOCAL traffic for ${to} -m addrtype --src-type LOCAL -j ${MASQ}`,
    `-A ${external} -m comment --comment "route LOCAL traffic for ${to} -m addrtype --src-type LOCAL -j ${service}`,
    ...(hasLocalChain(port, node)
      ? [`-A ${external} -j ${local}`, ...balancing(port, local, localEndpoints(port, node))]
      : []),
  ];
}

function balancing(port: ServicePort, chain: string, endpoints: readonly Endpoint[]): string[] {
  return endpoints.map((endpoint, index) => {
    const left = endpoints.length - index;
    const chance = left > 1 ? ` -m statistic --mode random --probability ${(1 / left).toFixed(10)}` : "";
    const to = `${endpoint.address}:${endpoint.port}`;
    return `-A ${chain} -m comment --comment "${port.name} -> ${to}"${chance} -j ${endpointChain(port, endpoint)}`;
  });
}

function translation(port: ServicePort, endpoint: Endpoint): string[] {
  const name = endpointChain(port, endpoint);
  const protocol = port.protocol.toLowerCase();
  const comment = `-m comment --comment "${port.name}"`;
  return [
    `-A ${name} -s ${endpoint.address}/32 ${comment} -j ${MASQ}`,
    `-A ${name} -p ${protocol} ${comment} -m ${protocol} -j DNAT --to-destination ${endpoint.address}:${endpoint.port}`,
  ];
}

function serviceChain(kind: "SVC" | "EXT" | "SVL", port: ServicePort): string {
  return `KUBE-${kind}-${hash(port.name + port.protocol.toLowerCase())}`;
}

function endpointChain(port: ServicePort, endpoint: Endpoint): string {
  return `KUBE-SEP-${hash(`${port.name}${port.protocol.toLowerCase()}${endpoint.address}:${endpoint.port}`)}`;
}

/** The first 16 letters of the SHA-256 in base32, as kube-proxy's portProtoHash and servicePortEndpointChainName. */
function hash(text: string): string {
  const bits = [...createHash("sha256").update(text).digest().subarray(0, 10)]
    .map((byte) => byte.toString(2).padStart(8, "0"))
    .join("");
  return (bits.match(/.{5}/g) ?? [])
    .map((five) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[Number.parseInt(five, 2)])
    .join("");
}
