import type { Cluster, Pod, Service } from "../../facts/cluster.ts";
import { type Ip, parseIp, sameIp, withPort } from "../../facts/ip.ts";
import type { ConntrackEntry, Socket } from "../../facts/netns.ts";
import type { World } from "../../facts/world.ts";
import { matches } from "../intent/selector.ts";
import type { Symptom } from "./symptom.ts";
import { isTargetError, resolveTarget, type Target } from "./target.ts";

/** Whom a gateway waits for: an address that its connections go to and that does not answer. */
export interface Upstream {
  readonly ip: Ip;
  readonly port: number;
  readonly protocol: "tcp" | "udp";
  /** Sockets in SYN-SENT, seen while it waited. */
  readonly sockets: number;
  /** Connections that stand, and whose request got no answer while it was watched. */
  readonly requests: number;
  /** The most that one of those has sent and nobody has acknowledged, in bytes. */
  readonly unacknowledged: number;
  /** Connections that were seen to leave it and that nobody accepted. */
  readonly connects: number;
  /** Conntrack rows `[UNREPLIED]` of its node. */
  readonly unreplied: number;
  /** Connections that were answered, of a while ago: it is used, and nothing is known to wait. */
  readonly answered: number;
  readonly service: Service | null;
}

/** Connections that a gateway was seen to open: nobody accepted them, or what was said on them got lost. */
export interface Unanswered {
  readonly ip: Ip;
  readonly port: number;
  readonly connects: number;
  readonly requests?: number;
}

const DNS_PORT = 53;
const TCP = 6;
const NONE = { sockets: 0, requests: 0, unacknowledged: 0, connects: 0, unreplied: 0, answered: 0 };
const PROTOCOLS: Readonly<Record<number, "tcp" | "udp">> = { 6: "tcp", 17: "udp" };

/**
 * The most convincing first: connections seen to fail and sockets that wait now, before rows that may be a minute old.
 * @param sockets those that hang: in SYN-SENT, or established and without an answer for too long
 */
export function waitedFor(
  gateway: readonly Ip[],
  sockets: readonly Socket[],
  conntrack: readonly ConntrackEntry[],
  unanswered: readonly Unanswered[],
  cluster: Cluster,
): readonly Upstream[] {
  const found = new Map<string, Counted>();
  const entry = (ip: Ip, port: number, protocol: "tcp" | "udp") => {
    const key = `${protocol} ${ip.text} ${port}`;
    const known = found.get(key) ?? { ip, port, protocol, ...NONE };
    found.set(key, known);
    return known;
  };
  for (const socket of sockets) {
    if (socket.peer === null || socket.peerPort === null) continue;
    const known = entry(socket.peer, socket.peerPort, "tcp");
    if (socket.state === "SYN-SENT") known.sockets += 1;
    else {
      known.requests += 1;
      known.unacknowledged = Math.max(known.unacknowledged, socket.sendQueue ?? 0);
    }
  }
  for (const { ip, port, connects, requests = 0 } of unanswered) {
    const known = entry(ip, port, "tcp");
    known.connects += connects;
    known.requests += requests;
  }
  for (const row of conntrack) {
    const protocol = PROTOCOLS[row.protocol];
    if (!row.unreplied || protocol === undefined || !gateway.some((ip) => sameIp(ip, row.original.src))) continue;
    // Most datagrams want no answer (statsd, syslog); a question does.
    if (protocol === "udp" && row.original.dport !== DNS_PORT) continue;
    entry(row.original.dst, row.original.dport, protocol).unreplied += 1;
  }
  return [...found.values()]
    .map((u) => ({ ...u, service: serviceAt(cluster, u) }))
    .sort(
      (a, b) =>
        b.connects - a.connects || b.sockets - a.sockets || b.requests - a.requests || b.unreplied - a.unreplied,
    );
}

/** The Services that a gateway had connections to, not long ago: what is refused at once leaves nothing behind that waits. */
export function usedServices(
  gateway: readonly Ip[],
  conntrack: readonly ConntrackEntry[],
  cluster: Cluster,
): readonly Upstream[] {
  const found = new Map<string, Upstream>();
  for (const { protocol, unreplied, original } of conntrack) {
    const { src, dst: ip, dport: port } = original;
    if (protocol !== TCP || unreplied || !gateway.some((own) => sameIp(own, src))) continue;
    const at = { ip, port, protocol: "tcp" } as const;
    const service = serviceAt(cluster, at);
    if (service === null) continue;
    const key = `${ip.text} ${port}`;
    const { answered } = found.get(key) ?? NONE;
    found.set(key, { ...at, ...NONE, answered: answered + 1, service });
  }
  return [...found.values()].sort((a, b) => b.answered - a.answered);
}

/** The other Services of a pod's namespace: nothing says that it needs them but that they are there together. */
export function servicesBeside(pod: Pod, { services }: Cluster): readonly Upstream[] {
  return services
    .filter((s) => s.namespace === pod.namespace && !(s.selector !== null && matches(s.selector, pod.labels)))
    .flatMap((service) => {
      const [ip] = service.clusterIps;
      const ports = service.ports.filter(({ protocol }) => protocol === "TCP");
      return ip === undefined
        ? []
        : ports.map(({ port }): Upstream => ({ ip, port, protocol: "tcp", ...NONE, service }));
    });
}

/**
 * A gateway's failure comes of whom it waited for: it says so by its status (502 to 504; null: it hung, and said nothing), and
 * of all that did not answer it while it was watched there is one Service only. A page that fails by itself (500) while the
 * gateway waits for somebody on another client's behalf is not that.
 */
export function isWaitedForAlone(
  upstreams: readonly Upstream[],
  statuses: readonly (number | null)[],
  cluster: Cluster,
): boolean {
  if (!statuses.every((status) => status === null || (status >= 502 && status <= 504))) return false;
  if (upstreams.some(({ answered }) => answered > 0)) return false;
  const seen = upstreams.filter((u) => u.connects + u.sockets + u.requests > 0);
  const names = new Set((seen.length > 0 ? seen : upstreams).map((u) => whose(u, cluster)));
  return names.size === 1;
}

function whose({ service, ip, port }: Upstream, cluster: Cluster): string {
  if (service !== null) return `${service.namespace}/${service.name}`;
  const endpoint = cluster.endpoints.find((e) => sameIp(e.ip, ip) && e.port === port);
  return endpoint === undefined ? withPort(ip, port) : `${endpoint.namespace}/${endpoint.service}`;
}

/** Whom a gateway asks, as a target of its own. It is the connection that hangs: to ask for a page would only repeat what it does. */
export function upstreamTarget({ ip, port, protocol }: Upstream, cluster: Cluster, world: World): Target {
  const symptom: Symptom = { kind: "address", input: withPort(ip, port), ip, port };
  const resolved = resolveTarget(symptom, cluster, world);
  const plain: Target = { protocol, ip, port, url: null, service: null, pod: null, entry: null };
  const isObjects = !isTargetError(resolved) && (resolved.service !== null || resolved.pod !== null);
  return isObjects ? { ...resolved, protocol, url: null } : plain;
}

type Counted = { -readonly [K in keyof Omit<Upstream, "service">]: Upstream[K] };

function serviceAt(
  cluster: Cluster,
  { ip, port, protocol }: { readonly ip: Ip; readonly port: number; readonly protocol: "tcp" | "udp" },
): Service | null {
  const isPort = (p: Service["ports"][number]) => p.port === port && p.protocol.toLowerCase() === protocol;
  return cluster.services.find((s) => s.clusterIps.some((c) => sameIp(c, ip)) && s.ports.some(isPort)) ?? null;
}

/**
 * Whom a line of a gateway's log names, where it is somebody of this cluster. What is refused at once hangs nowhere, neither in a
 * socket nor in conntrack: the log alone tells of it.
 */
export function namedInLog(line: string, gateway: readonly Ip[], cluster: Cluster): Upstream | null {
  for (const [, bare, bracketed, digits] of line.matchAll(
    /(?:((?:\d{1,3}\.){3}\d{1,3})|\[([0-9a-f:]+)\]):(\d{1,5})\b/gi,
  )) {
    const ip = parseIp(bare ?? bracketed ?? "");
    const port = Number(digits);
    if (ip === null || gateway.some((own) => sameIp(own, ip))) continue;
    const service = serviceAt(cluster, { ip, port, protocol: "tcp" });
    if (service === null && !cluster.endpoints.some((e) => sameIp(e.ip, ip) && e.port === port)) continue;
    return { ip, port, protocol: "tcp", ...NONE, service };
  }
  return null;
}

/** Lines of a gateway's log that tell of an upstream, newest last; one that only counts a 50x tells less than one that says why. */
export function telltaleLines(log: string, most: number): readonly string[] {
  const lines = log.split("\n");
  const why = lines.filter((line) => /upstream|connect|timed? ?out|refused|unreachable|no route/i.test(line));
  const told = why.length > 0 ? why : lines.filter((line) => /\b50[234]\b/.test(line));
  return told.slice(-most).map((line) => line.trim().slice(0, 200));
}
