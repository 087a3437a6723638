import { type Cluster, type Endpoint, type Pod, podKey, type Service, type ServicePort } from "../../facts/cluster.ts";
import { type Ip, sameIp } from "../../facts/ip.ts";
import { socketFor } from "../../facts/lookup/sockets.ts";
import { netnsId } from "../../facts/provenance.ts";
import { linksOf, type World } from "../../facts/world.ts";
import { endpointsOf } from "../symptom/target.ts";
import type { ApiRepair } from "./api-repair.ts";
import { selectedPods } from "./selector.ts";

/** A Service's port that leads to a port of its pods which is none of theirs. */
export interface WrongTargetPort {
  /** `Service NS/NAME .spec.ports[PORT].targetPort` */
  readonly object: string;
  readonly found: string;
  /** What it was clearly meant to be: a port that all of them declare and listen on. Null where several may be meant. */
  readonly meant: string | null;
  readonly params: Readonly<Record<string, string>>;
  readonly repair: ApiRepair | null;
  /** The endpoints that there would be then. */
  readonly leadsTo: readonly Endpoint[];
}

/**
 * Is it the Service that is wrong, where nothing listens on an endpoint's port? Only where none of its pods declares that
 * port, none listens on it, and they do listen on others that they declare. A pod that says which port it serves and has
 * no socket there is a server that does not run.
 */
export function wrongTargetPort(
  cluster: Cluster,
  world: World,
  ip: Ip,
  number: number,
  protocol: string,
): WrongTargetPort | null {
  for (const service of cluster.services) {
    for (const port of service.ports) {
      if (port.protocol.toLowerCase() !== protocol) continue;
      const endpoints = endpointsOf(cluster, service, port).filter((e) => e.ready);
      if (!endpoints.some((e) => sameIp(e.ip, ip) && e.port === number)) continue;
      const pods = endpoints.map((e) => cluster.pods.find((p) => e.pod !== null && podKey(p) === podKey(e.pod)));
      if (!pods.every((pod) => pod !== undefined && isElsewhere(pod, port, number, world))) continue;
      return meantPort(
        world,
        service,
        port,
        pods.filter((pod) => pod !== undefined),
      );
    }
  }
  return null;
}

/** A Service whose target port is a name that none of its pods has: it has no endpoints then. */
export function unnamedTargetPort(
  cluster: Cluster,
  world: World,
  service: Service,
  port: ServicePort,
): WrongTargetPort | null {
  const pods = selectedPods(cluster, service);
  if (!isName(port.targetPort) || pods.length === 0 || endpointsOf(cluster, service, port).length > 0) return null;
  if (pods.some((pod) => declaredBy(pod, port.protocol).some((own) => own.name === port.targetPort))) return null;
  return meantPort(world, service, port, pods);
}

function meantPort(world: World, service: Service, port: ServicePort, pods: readonly Pod[]): WrongTargetPort {
  const taken = new Set(service.ports.filter((other) => other !== port).map((other) => String(other.targetPort)));
  const served = pods.map((pod) =>
    declaredBy(pod, port.protocol).filter(
      (own) =>
        listens(pod, port, own.port, world) === true && !taken.has(String(own.port)) && !taken.has(own.name ?? ""),
    ),
  );
  const common = (served[0] ?? []).filter((own) => served.every((all) => all.some((one) => one.port === own.port)));
  const namesake = common.filter((own) => own.name !== null && own.name === port.name);
  const [only, ...others] = namesake.length > 0 ? namesake : common;
  if (only === undefined || others.length > 0) return describe(service, port, null, []);
  const meant = isName(port.targetPort) && only.name !== null ? only.name : String(only.port);
  return describe(
    service,
    port,
    meant,
    pods.flatMap((pod) => endpointAt(pod, service, port, only.port)),
  );
}

function describe(
  { namespace, name }: Service,
  port: ServicePort,
  meant: string | null,
  leadsTo: readonly Endpoint[],
): WrongTargetPort {
  const named = port.name ?? String(port.port);
  const object = `Service ${namespace}/${name} .spec.ports[${named}].targetPort`;
  const found = String(port.targetPort);
  const wanted: Record<string, string> = meant === null ? {} : { wanted: meant };
  return {
    object,
    found,
    meant,
    params: { object, service: `${namespace}/${name}`, port: named, found, ...wanted },
    repair:
      meant === null ? null : { do: "patch-service-target-port", namespace, name, port: named, targetPort: meant },
    leadsTo,
  };
}

function isName(targetPort: number | string): boolean {
  return !/^\d+$/.test(String(targetPort));
}

type Declared = Pod["containers"][number]["ports"][number];

function declaredBy(pod: Pod, protocol: string): readonly Declared[] {
  return pod.containers.flatMap((c) => c.ports).filter((own) => own.protocol === protocol);
}

/** Every container says what it serves, none of them that port; and they do serve. */
function isElsewhere(pod: Pod, port: ServicePort, number: number, world: World): boolean {
  const declared = declaredBy(pod, port.protocol);
  return (
    pod.containers.every((c) => c.ports.length > 0) &&
    !declared.some((own) => own.port === number) &&
    listens(pod, port, number, world) === false &&
    declared.some((own) => listens(pod, port, own.port, world) === true)
  );
}

/** Null: the pod's sockets were not read. */
export function listens(pod: Pod, { protocol }: ServicePort, number: number, world: World): boolean | null {
  const netns = world.netns.get(netnsId(pod.node ?? "", pod.hostNetwork ? "host" : `pod:${podKey(pod)}`));
  const [ip] = pod.ips;
  if (netns?.sockets.known !== true || ip === undefined) return null;
  const link = linksOf(netns).find((l) => l.addresses.some((a) => sameIp(a.ip, ip)));
  return socketFor(netns.sockets.value, protocol === "UDP" ? "udp" : "tcp", ip, number, link?.name ?? "") !== null;
}

/** What the endpoints controller would make of a pod, an endpoint for each of its addresses. */
export function endpointAt(pod: Pod, service: Service, port: ServicePort, number: number): readonly Endpoint[] {
  return pod.ips.map((ip) => ({
    namespace: service.namespace,
    service: service.name,
    ip,
    portName: port.name,
    port: number,
    protocol: port.protocol,
    ready: pod.ready,
    serving: pod.ready,
    terminating: false,
    node: pod.node,
    pod: { namespace: pod.namespace, name: pod.name },
  }));
}
