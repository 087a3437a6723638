import type { Cluster, Endpoint, KubeNode, Pod, Service, ServicePort } from "../../facts/cluster.ts";
import { type Ip, parseIp, sameIp } from "../../facts/ip.ts";
import type { Symptom } from "./symptom.ts";

/** What a symptom is about: an address to send to, and the Service, endpoints or pod behind it. */
export interface Target {
  readonly protocol: "tcp" | "udp" | "icmp";
  readonly ip: Ip;
  readonly port: number;
  /** To be asked over HTTP; null: a plain connection. */
  readonly url: string | null;
  readonly service: {
    readonly object: Service;
    readonly port: ServicePort;
    readonly through: "node-port" | "cluster-ip" | "external-ip";
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
  | { readonly error: "name-not-resolved"; readonly name: string; readonly near: readonly string[] };

/** `clusterDomain` is what follows `.svc.` in the cluster's own names. */
export function resolveTarget(symptom: Symptom, cluster: Cluster): Target | TargetError {
  switch (symptom.kind) {
    case "service":
      return serviceTarget(symptom.namespace, symptom.name, symptom.port, null, cluster);
    case "pod":
      return podTarget(symptom.namespace, symptom.name, symptom.port, cluster);
    case "dns":
      return dnsTarget(symptom.name, cluster);
    case "address":
      return addressTarget(symptom.ip, symptom.port, null, cluster);
    case "url": {
      const ip = parseIp(symptom.host);
      if (ip !== null) return addressTarget(ip, symptom.port, symptom.url, cluster);
      const [name = "", namespace = "default", svc] = symptom.host.split(".");
      const service = cluster.services.find((s) => s.name === name && s.namespace === namespace);
      if (service !== undefined && (svc === undefined || svc === "svc")) {
        return serviceTarget(namespace, name, String(symptom.port), symptom.url, cluster);
      }
      return { error: "name-not-resolved", name: symptom.host, near: namesOf(cluster.services) };
    }
  }
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
  const port = service.ports.find((p) => wanted === null || p.name === wanted || String(p.port) === wanted);
  const near = service.ports.map((p) => (p.name === null ? String(p.port) : `${p.name}:${p.port}`));
  if (port === undefined) return { error: "no-such-port", name: `${namespace}/${name}:${wanted}`, near };
  const ip = service.clusterIps[0];
  if (ip === undefined) {
    const only = endpointsOf(cluster, service, port)[0];
    if (only === undefined) return { error: "service-without-address", name: `${namespace}/${name}`, near: [] };
    return {
      protocol: protocolOf(port),
      ip: only.ip,
      port: only.port,
      url,
      service: null,
      pod: podAt(cluster, only.ip),
      entry: null,
    };
  }
  return {
    protocol: protocolOf(port),
    ip,
    port: port.port,
    url: url ?? httpUrl(port, ip, port.port),
    service: { object: service, port, through: "cluster-ip" },
    pod: null,
    entry: null,
  };
}

function podTarget(namespace: string, name: string, wanted: string | null, cluster: Cluster): Target | TargetError {
  const pod =
    cluster.pods.find((p) => p.namespace === namespace && p.name === name) ??
    onlyOne(cluster.pods.filter((p) => p.namespace === namespace && p.name.startsWith(`${name}-`)));
  if (pod === undefined) return { error: "no-such-pod", name: `${namespace}/${name}`, near: namesOf(cluster.pods) };
  const ip = pod.ips[0];
  if (ip === undefined) return { error: "pod-without-address", name: `${namespace}/${name}`, near: [] };
  const ports = pod.containers.flatMap((c) => c.ports);
  const declared = ports.find((p) => wanted === null || p.name === wanted || String(p.port) === wanted);
  const serving = cluster.endpoints.find((e) => sameIp(e.ip, ip));
  const number =
    declared?.port ??
    (wanted !== null && /^\d+$/.test(wanted) ? Number(wanted) : wanted === null ? serving?.port : undefined);
  if (wanted !== null && number === undefined) {
    return {
      error: "no-such-port",
      name: `${namespace}/${pod.name}:${wanted}`,
      near: ports.map((p) => p.name ?? String(p.port)),
    };
  }
  if (number === undefined) return { protocol: "icmp", ip, port: 0, url: null, service: null, pod, entry: null };
  const protocol = (declared?.protocol ?? serving?.protocol ?? "TCP") === "UDP" ? "udp" : "tcp";
  return { protocol, ip, port: number, url: null, service: null, pod, entry: null };
}

function dnsTarget(name: string, cluster: Cluster): Target | TargetError {
  const dns = cluster.services.find((s) => s.ports.some((p) => p.protocol === "UDP" && p.port === 53));
  if (dns === undefined)
    return {
      error: "no-such-service",
      name: `a Service with UDP port 53 (to resolve ${name})`,
      near: namesOf(cluster.services),
    };
  const port = dns.ports.find((p) => p.protocol === "UDP" && p.port === 53);
  return serviceTarget(dns.namespace, dns.name, port?.name ?? "53", null, cluster);
}

function addressTarget(ip: Ip, port: number | null, url: string | null, cluster: Cluster): Target {
  const pod = podAt(cluster, ip);
  const entry = cluster.nodes.find((n) => n.internalIps.some((i) => sameIp(i, ip))) ?? null;
  for (const object of cluster.services) {
    for (const servicePort of object.ports) {
      const through =
        entry !== null && port !== null && servicePort.nodePort === port
          ? ("node-port" as const)
          : servicePort.port === port && object.clusterIps.some((c) => sameIp(c, ip))
            ? ("cluster-ip" as const)
            : servicePort.port === port && object.externalIps.some((c) => sameIp(c, ip))
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

function protocolOf(port: ServicePort): "tcp" | "udp" {
  return port.protocol === "UDP" ? "udp" : "tcp";
}

/** Only what says itself that it speaks HTTP is asked over HTTP. */
function httpUrl(port: ServicePort, ip: Ip, number: number): string | null {
  if (port.protocol !== "TCP" || !/^http$|^http-|^web$/.test(port.name ?? "")) return null;
  return `http://${ip.family === 6 ? `[${ip.text}]` : ip.text}:${number}/`;
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
