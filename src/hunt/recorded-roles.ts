import type { Endpoint } from "../facts/cluster.ts";
import { sameIp } from "../facts/ip.ts";
import { netnsId } from "../facts/provenance.ts";
import type { Cluster } from "../facts/cluster.ts";
import type { Target } from "../think/symptom/target.ts";
import type { RecordedFlow, Sender } from "./recorded-flows.ts";

/**
 * What a recorded flow is to a symptom: the same thing tried; an endpoint of it, or another door of its Service, reached by
 * somebody; an endpoint asked by its own node; or nothing.
 */
export type Role = "symptom" | "direct" | "home";

export function roleOf(
  flow: RecordedFlow,
  target: Target,
  endpoints: readonly Endpoint[],
  cluster: Cluster,
): Role | null {
  const endpoint = endpoints.find((e) => sameIp(e.ip, flow.dst) && (flow.protocol === "icmp" || isPortOf(e, flow)));
  const pod = target.pod !== null && sameIp(target.ip, flow.dst) ? target.pod : null;
  const homeNode = endpoint?.node ?? pod?.node ?? null;
  const isHome = homeNode !== null && flow.sender.stranger === null && flow.sender.netns === netnsId(homeNode, "host");
  if (isHome) return "home";
  if (flow.protocol === target.protocol && sameIp(flow.dst, target.ip) && flow.dport === target.port) return "symptom";
  if (endpoint !== undefined || (pod !== null && flow.protocol === "icmp")) return "direct";
  return isOtherDoor(flow, target, cluster) ? "direct" : null;
}

function isPortOf(endpoint: Endpoint, flow: RecordedFlow): boolean {
  return endpoint.port === flow.dport && endpoint.protocol.toLowerCase() === flow.protocol;
}

/** The Service's ClusterIP, an external address, or its node port on any node. */
function isOtherDoor({ dst, dport, protocol }: RecordedFlow, { service }: Target, cluster: Cluster): boolean {
  if (service === null || service.port.protocol.toLowerCase() !== protocol) return false;
  const { object, port } = service;
  const isOwn = [...object.clusterIps, ...object.externalIps].some((ip) => sameIp(ip, dst));
  if (isOwn) return dport === port.port;
  return dport === port.nodePort && cluster.nodes.some((n) => n.internalIps.some((ip) => sameIp(ip, dst)));
}

export function isSameSender(a: Sender, b: Sender): boolean {
  if (a.netns !== b.netns || (a.stranger === null) !== (b.stranger === null)) return false;
  if (a.stranger === null || b.stranger === null) return true;
  return sameIp(a.stranger.src, b.stranger.src) && a.stranger.entersBy.link === b.stranger.entersBy.link;
}
