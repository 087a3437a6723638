import type { Cluster, Service } from "../../facts/cluster.ts";
import { type Ip, sameIp, withPort } from "../../facts/ip.ts";

/** A Service that every node has to translate, and to what. */
export interface Served {
  /** NAMESPACE/NAME */
  readonly service: string;
  /** Those that are ready. */
  readonly endpoints: readonly { readonly ip: Ip; readonly port: number }[];
  /** Ready or not: rules that were written a moment ago may name these as well. */
  readonly listed: readonly { readonly ip: Ip; readonly port: number }[];
}

/** Whose address that is, a ClusterIP or a node port; null where nobody's, or where a node may rightly have no endpoint for it. */
export function servedAt(cluster: Cluster, ip: Ip, port: number, protocol: string): Served | null {
  for (const service of cluster.services) {
    for (const own of service.ports) {
      if (own.protocol.toLowerCase() !== protocol) continue;
      if (!isCluster(service, own.port, ip, port) && !isNode(service, own.nodePort, cluster, ip, port)) continue;
      const listed = cluster.endpoints.filter(
        (e) =>
          e.namespace === service.namespace &&
          e.service === service.name &&
          e.portName === own.name &&
          e.ip.family === ip.family,
      );
      const endpoints = listed.filter((e) => e.ready);
      return endpoints.length === 0 ? null : { service: `${service.namespace}/${service.name}`, endpoints, listed };
    }
  }
  return null;
}

function isCluster(service: Service, own: number, ip: Ip, port: number): boolean {
  return own === port && service.internalTrafficPolicy !== "Local" && service.clusterIps.some((c) => sameIp(c, ip));
}

function isNode(service: Service, own: number | null, cluster: Cluster, ip: Ip, port: number): boolean {
  return (
    own === port &&
    service.externalTrafficPolicy !== "Local" &&
    cluster.nodes.some((n) => n.internalIps.some((i) => sameIp(i, ip)))
  );
}

/** `10.244.1.2:8080 10.244.2.2:8080` */
export function endpointsText(endpoints: Served["endpoints"]): string {
  return endpoints.map(({ ip, port }) => withPort(ip, port)).join(" ");
}
