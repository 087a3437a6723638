import {
  type Cluster,
  type Endpoint,
  type KubeNode,
  type Pod,
  podKey,
  type Service,
  type ServicePort,
} from "../../facts/cluster.ts";
import { type Ip, parseIp, sameIp, withPort } from "../../facts/ip.ts";
import { netnsId } from "../../facts/provenance.ts";
import { linksOf, type World } from "../../facts/world.ts";
import type { Symptom } from "./symptom.ts";

/** What a symptom is about: an address to send to, and the Service, endpoints or pod behind it. */
export interface Target {
  readonly protocol: "tcp" | "udp" | "icmp";
  readonly ip: Ip;
  /** The other addresses of what was named, of the other family: it is whole only when they answer as well. */
  readonly alsoAt?: readonly Ip[];
  readonly port: number;
  /** To be asked over HTTP; null: a plain connection. */
  readonly url: string | null;
  readonly service: {
    readonly object: Service;
    readonly port: ServicePort;
    /** `headless`: its name stands for its endpoints, of which `ip` is one. */
    readonly through: "node-port" | "cluster-ip" | "external-ip" | "headless";
  } | null;
  readonly pod: Pod | null;
  /** The node whose address is addressed, for a NodePort or a node's own address. */
  readonly entry: KubeNode | null;
}

export type TargetError =
  | { readonly error: "no-such-service" | "no-such-pod"; readonly name: string; readonly near: readonly string[] }
  | { readonly error: "no-such-port"; readonly name: string; readonly near: readonly string[] }
  | { readonly error: "pod-without-address"; readonly name: string; readonly near: readonly string[] }
  | { readonly error: "service-without-address"; readonly name: string; readonly near: readonly string[] }
  | { readonly error: "service-is-alias"; readonly name: string; readonly near: readonly string[] }
  | { readonly error: "name-not-resolved"; readonly name: string; readonly near: readonly string[] };

/**
 * Looks up what was typed among the cluster's objects.
 * @param world whose nodes' own addresses count as well: the API tells one of each, and a NodePort is open on all
 */
export function resolveTarget(symptom: Symptom, cluster: Cluster, world: World | null = null): Target | TargetError {
  switch (symptom.kind) {
    case "service":
      return serviceTarget(symptom.namespace, symptom.name, symptom.port, null, cluster);
    case "pod":
      return podTarget(symptom.namespace, symptom.name, symptom.port, cluster);
    case "dns":
      return dnsTarget(symptom.name, cluster);
    case "address":
      return addressTarget(symptom.ip, symptom.port, null, cluster, world);
    case "url": {
      const ip = parseIp(symptom.host);
      if (ip !== null) return addressTarget(ip, symptom.port, symptom.url, cluster, world);
      return namedTarget(symptom, cluster);
    }
  }
}

/** A host name as it is written inside the cluster, or a node's. */
function namedTarget(symptom: Extract<Symptom, { kind: "url" }>, cluster: Cluster): Target | TargetError {
  const { host, port, url } = symptom;
  const [name = "", namespace = symptom.namespace, svc] = host.split(".");
  const service = cluster.services.find((s) => s.name === name && s.namespace === namespace);
  if (service !== undefined && (svc === undefined || svc === "svc")) {
    return serviceTarget(namespace, name, String(port), url, cluster);
  }
  const node = cluster.nodes.find((n) => n.name.toLowerCase() === host)?.internalIps[0];
  if (node !== undefined) return addressTarget(node, port, url, cluster, null);
  return { error: "name-not-resolved", name: host, near: namesOf(cluster.services) };
}

export function isTargetError(target: Target | TargetError): target is TargetError {
  return "error" in target;
}

/** The Service's endpoints for one of its ports. */
export function endpointsOf(cluster: Cluster, service: Service, port: ServicePort): readonly Endpoint[] {
  return cluster.endpoints.filter(
    (e) =>
      e.namespace === service.namespace &&
      e.service === service.name &&
      e.protocol === port.protocol &&
      (e.portName ?? "") === (port.name ?? ""),
  );
}

/** The endpoints that the target's addresses can lead to: a translation never crosses from IPv4 to IPv6. */
export function endpointsBehind(cluster: Cluster, target: Target): readonly Endpoint[] {
  const { service, ip, alsoAt = [] } = target;
  if (service === null) return [];
  const endpoints = endpointsOf(cluster, service.object, service.port);
  if (service.through === "headless") return endpoints;
  const families = new Set([ip, ...alsoAt].map(({ family }) => family));
  return endpoints.filter((e) => families.has(e.ip.family));
}

function serviceTarget(
  namespace: string,
  name: string,
  wanted: string | null,
  url: string | null,
  cluster: Cluster,
): Target | TargetError {
  const service = cluster.services.find((s) => s.namespace === namespace && s.name === name);
  if (service === undefined)
    return { error: "no-such-service", name: `${namespace}/${name}`, near: namesOf(cluster.services) };
  // The cluster's name server answers with a CNAME, and nothing else of the cluster has a part in it.
  if (service.type === "ExternalName") return { error: "service-is-alias", name: `${namespace}/${name}`, near: [] };
  const [ip, ...alsoAt] = service.clusterIps;
  if (ip === undefined && url !== null && wanted !== null) return headlessPage(service, Number(wanted), url, cluster);
  const port = service.ports
    .filter((p) => isSpoken(p, url))
    .find((p) => wanted === null || p.name === wanted || String(p.port) === wanted);
  if (port === undefined) {
    const asked = wanted === null ? "" : `:${wanted}`;
    return { error: "no-such-port", name: `${namespace}/${name}${asked}`, near: portsText(service) };
  }
  if (ip === undefined) return headlessTarget(service, port, null, cluster);
  return {
    protocol: protocolOf(port),
    ip,
    alsoAt,
    port: port.port,
    url: url ?? httpUrl(port, ip, port.port),
    service: { object: service, port, through: "cluster-ip" },
    pod: null,
    entry: null,
  };
}

/** @param asked the page that is asked for and its port; null: whatever the endpoints serve */
function headlessTarget(
  object: Service,
  port: ServicePort,
  asked: { readonly url: string; readonly port: number } | null,
  cluster: Cluster,
): Target | TargetError {
  const endpoints = endpointsOf(cluster, object, port);
  const one = endpoints.find((e) => e.ready) ?? endpoints[0];
  if (one === undefined) {
    return { error: "service-without-address", name: `${object.namespace}/${object.name}`, near: [] };
  }
  return {
    protocol: protocolOf(port),
    ip: one.ip,
    port: asked?.port ?? one.port,
    url: asked?.url ?? httpUrl(port, one.ip, one.port),
    service: { object, port, through: "headless" },
    pod: podAt(cluster, one.ip),
    entry: null,
  };
}

/** A headless Service's name is its endpoints' addresses, and nothing translates a port: the URL's own is asked. */
function headlessPage(service: Service, number: number, url: string, cluster: Cluster): Target | TargetError {
  const spoken = service.ports.filter((p) => isSpoken(p, url));
  const [port] = [...spoken.filter((p) => endpointsOf(cluster, service, p).some((e) => e.port === number)), ...spoken];
  if (port !== undefined) return headlessTarget(service, port, { url, port: number }, cluster);
  return { error: "no-such-port", name: `${service.namespace}/${service.name}:${number}`, near: portsText(service) };
}

function portsText({ ports }: Service): readonly string[] {
  return ports.map((p) => `${p.name === null ? "" : `${p.name}:`}${p.port}/${p.protocol}`);
}

function podTarget(namespace: string, name: string, wanted: string | null, cluster: Cluster): Target | TargetError {
  const begun = cluster.pods.filter((p) => p.namespace === namespace && p.name.startsWith(`${name}-`));
  const pod = cluster.pods.find((p) => p.namespace === namespace && p.name === name) ?? onlyOne(begun);
  if (pod === undefined) {
    const near = namesOf(begun.length > 0 ? begun : cluster.pods);
    return { error: "no-such-pod", name: `${namespace}/${name}`, near };
  }
  const [ip, ...alsoAt] = pod.ips;
  if (ip === undefined) return { error: "pod-without-address", name: `${namespace}/${name}`, near: [] };
  const ports = pod.containers.flatMap((c) => c.ports);
  const declared = ports.find((p) => wanted === null || p.name === wanted || String(p.port) === wanted);
  // The address of a hostNetwork pod is its node's, and other pods' as well.
  const isServing = (e: Endpoint): boolean =>
    e.pod === null ? !pod.hostNetwork && sameIp(e.ip, ip) : podKey(e.pod) === podKey(pod);
  const serving = cluster.endpoints.find((e) => (wanted === null || String(e.port) === wanted) && isServing(e));
  const number =
    declared?.port ?? serving?.port ?? (wanted !== null && /^\d+$/.test(wanted) ? Number(wanted) : undefined);
  if (wanted !== null && number === undefined) {
    return {
      error: "no-such-port",
      name: `${namespace}/${pod.name}:${wanted}`,
      near: ports.map((p) => p.name ?? String(p.port)),
    };
  }
  if (number === undefined)
    return { protocol: "icmp", ip, alsoAt, port: 0, url: null, service: null, pod, entry: null };
  const protocol = (declared?.protocol ?? serving?.protocol ?? "TCP") === "UDP" ? "udp" : "tcp";
  return { protocol, ip, alsoAt, port: number, url: null, service: null, pod, entry: null };
}

function dnsTarget(name: string, cluster: Cluster): Target | TargetError {
  const servers = cluster.services.filter((s) => s.ports.some((p) => p.protocol === "UDP" && p.port === 53));
  // The cluster's own, whatever other name servers there are.
  const dns =
    servers.find((s) => s.name === "kube-dns") ?? servers.find((s) => s.namespace === "kube-system") ?? servers[0];
  if (dns === undefined)
    return {
      error: "no-such-service",
      name: `a Service with UDP port 53 (to resolve ${name})`,
      near: namesOf(cluster.services),
    };
  const port = dns.ports.find((p) => p.protocol === "UDP" && p.port === 53);
  return serviceTarget(dns.namespace, dns.name, port?.name ?? "53", null, cluster);
}

function addressTarget(ip: Ip, port: number | null, url: string | null, cluster: Cluster, world: World | null): Target {
  const pod = podAt(cluster, ip);
  const entry =
    cluster.nodes.find((n) => n.internalIps.some((i) => sameIp(i, ip))) ??
    (pod !== null || world === null ? null : (onlyOne(cluster.nodes.filter((n) => hasAddress(world, n, ip))) ?? null));
  for (const object of cluster.services) {
    const isVirtual = [...object.clusterIps, ...object.externalIps].some((own) => sameIp(own, ip));
    // A virtual address answers no echo: without a port its first one is meant.
    if (port === null && isVirtual && entry === null) {
      const first = object.ports.find((p) => isSpoken(p, url));
      if (first !== undefined) return addressTarget(ip, first.port, url, cluster, world);
    }
    for (const servicePort of object.ports.filter((p) => isSpoken(p, url))) {
      const through =
        entry !== null && port !== null && servicePort.nodePort === port
          ? ("node-port" as const)
          : servicePort.port !== port
            ? null
            : object.clusterIps.some((c) => sameIp(c, ip))
              ? ("cluster-ip" as const)
              : isVirtual
                ? ("external-ip" as const)
                : null;
      if (through === null || port === null) continue;
      const asked = url ?? httpUrl(servicePort, ip, port);
      return {
        protocol: protocolOf(servicePort),
        ip,
        port,
        url: asked,
        service: { object, port: servicePort, through },
        pod: null,
        entry,
      };
    }
  }
  if (port === null) return { protocol: "icmp", ip, port: 0, url, service: null, pod, entry };
  return { protocol: "tcp", ip, port, url, service: null, pod, entry };
}

/** Of a second network, or one that floats from node to node. What several have (a bridge's default) is nobody's. */
function hasAddress(world: World, node: KubeNode, ip: Ip): boolean {
  const links = linksOf(world.netns.get(netnsId(node.name, "host")));
  return links.some((link) => link.addresses.some((address) => sameIp(address.ip, ip)));
}

/** A page is asked for over TCP; SCTP has no probe. */
function isSpoken({ protocol }: ServicePort, url: string | null): boolean {
  return protocol === "TCP" || (protocol === "UDP" && url === null);
}

function protocolOf(port: ServicePort): "tcp" | "udp" {
  return port.protocol === "UDP" ? "udp" : "tcp";
}

/** Only what says itself that it speaks HTTP is asked over HTTP. */
function httpUrl(port: ServicePort, ip: Ip, number: number): string | null {
  if (port.protocol !== "TCP" || !/^http$|^http-|^web$/.test(port.name ?? "")) return null;
  return `http://${withPort(ip, number)}/`;
}

function podAt(cluster: Cluster, ip: Ip): Pod | null {
  return cluster.pods.find((p) => !p.hostNetwork && p.phase === "Running" && p.ips.some((i) => sameIp(i, ip))) ?? null;
}

function namesOf(objects: readonly { readonly namespace: string; readonly name: string }[]): readonly string[] {
  return objects.map((o) => `${o.namespace}/${o.name}`).slice(0, 12);
}

function onlyOne<T>(items: readonly T[]): T | undefined {
  return items.length === 1 ? items[0] : undefined;
}
