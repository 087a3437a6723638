import type { Cluster, Endpoint } from "../facts/cluster.ts";
import { type Ip, sameIp } from "../facts/ip.ts";
import { netnsId } from "../facts/provenance.ts";
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
  const ends = endsOf(target, endpoints);
  const named = ends.find((e) => sameIp(e.ip, flow.dst) && (flow.protocol === "icmp" || e.port === flow.dport));
  if (flow.protocol !== "icmp" && flow.protocol !== target.protocol) return null;
  const home = named?.node ?? null;
  if (home !== null && flow.sender.stranger === null && flow.sender.netns === netnsId(home, "host")) return "home";
  if (flow.protocol === target.protocol && sameIp(flow.dst, target.ip) && flow.dport === target.port) return "symptom";
  if (named !== undefined || ends.some((end) => wasHeadedTo(flow, end))) return "direct";
  return isOtherDoor(flow, target, cluster) ? "direct" : null;
}

interface End {
  readonly ip: Ip;
  readonly port: number;
  readonly node: string | null;
}

function endsOf({ service, pod, ip, port }: Target, endpoints: readonly Endpoint[]): readonly End[] {
  if (service !== null) return endpoints;
  return pod === null ? [] : [{ ip, port, node: pod.node }];
}

/** NAT took it there, whatever its sender named. */
function wasHeadedTo({ protocol, sightings }: RecordedFlow, end: End): boolean {
  return sightings.some(({ leg, headers }) => {
    const ip = headers.findLast((h) => h.kind === "ip");
    const to = headers.findLast((h) => h.kind === protocol);
    if (leg !== "request" || ip?.kind !== "ip" || (to?.kind !== "tcp" && to?.kind !== "udp")) return false;
    return sameIp(end.ip, ip.dst) && end.port === to.dport;
  });
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
