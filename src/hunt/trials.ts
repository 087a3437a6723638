import type { Endpoint } from "../facts/cluster.ts";
import { bracketed, type Ip, sameIp } from "../facts/ip.ts";
import type { World } from "../facts/world.ts";
import type { Target } from "../think/symptom/target.ts";
import { arrives, type Flow } from "../think/walk/branch.ts";
import { walk } from "../think/walk/walk.ts";
import type { Probe } from "../witness/probe/probe.ts";
import type { Trial } from "./examination.ts";
import type { Place } from "./place.ts";

/**
 * A silent drop costs the whole of it. A bare packet needs no longer than the longest way there and back; a page may wait for a
 * gateway that gives up on its own upstream after a second.
 */
const PACKET_DEADLINE_MS = 800;
export const PAGE_DEADLINE_MS = 1300;
/** Resolvers wait for five seconds (resolv.conf(5)); a datagram's answer is late where the node's tools are slow to read it. */
const DATAGRAM_DEADLINE_MS = 2000;
const DIRECT_ATTEMPTS = 3;
/** A sample of a Service proves nothing; each branch is asked directly as well. */
const ATTEMPTS_PER_BRANCH = 3;
const MOST_ATTEMPTS = 12;
/** An unassigned-looking source port for the walk; probes use their own. */
export const WALK_SPORT = 29_999;
/** A SYN with its usual options; a datagram with a tag; ping's default. */
export const BYTES = { tcp: 60, udp: 76, icmp: 84 } as const;

interface Want {
  readonly id: string;
  readonly from: Place;
  readonly dst: Ip;
  readonly port: number;
  readonly protocol: "tcp" | "udp" | "icmp";
  readonly url: string | null;
  readonly attempts: number | null;
  /** Of a flow that is under way; left out: as the kernel chooses, for each try anew. */
  readonly src?: Ip;
  readonly sport?: number;
  readonly toService?: Flow["toService"];
  /** Length of the IP datagram, of echoes that may not be fragmented; left out: the usual. */
  readonly bytes?: number;
}

export function makeTrial(world: World, want: Want): Trial {
  const flow: Flow = {
    from: want.from.netns,
    src: want.src ?? null,
    dst: want.dst,
    ...(want.toService === undefined ? {} : { toService: want.toService }),
    protocol: want.protocol,
    sport: want.sport ?? WALK_SPORT,
    dport: want.protocol === "icmp" ? 0 : want.port,
    bytes: want.bytes ?? BYTES[want.protocol],
  };
  const walked = walk(world, flow);
  const attempts = want.attempts ?? Math.min(MOST_ATTEMPTS, Math.max(6, ATTEMPTS_PER_BRANCH * walked.branches.length));
  const alsoTo = walked.branches.map((b) => ({
    ip: b.destination.ip,
    port: want.protocol === "icmp" ? null : b.destination.port,
  }));
  const common = {
    id: want.id,
    from: want.from,
    src: null,
    dst: want.dst,
    attempts,
    deadlineMs: deadlineOf(want),
    alsoTo,
  };
  return { flow, walk: walked, probe: probeOf(want, common) };
}

function deadlineOf({ url, protocol }: Want): number {
  if (url !== null) return PAGE_DEADLINE_MS;
  return protocol === "udp" ? DATAGRAM_DEADLINE_MS : PACKET_DEADLINE_MS;
}

function probeOf(
  want: Want,
  common: Pick<Probe, "id" | "from" | "src" | "dst" | "attempts" | "deadlineMs" | "alsoTo">,
): Probe {
  if (want.protocol === "icmp") return { ...common, kind: "icmp", bytes: want.bytes ?? null };
  if (want.protocol === "udp") return { ...common, kind: "udp", port: want.port, zone: null };
  if (want.url === null) return { ...common, kind: "tcp", port: want.port };
  const url = new URL(want.url);
  const { protocol, pathname, search } = url;
  const bare = bareHost(url);
  return {
    ...common,
    kind: "http",
    port: want.port,
    method: "GET",
    scheme: protocol === "https:" ? "https" : "http",
    host: bare === want.dst.text ? null : bare,
    path: `${pathname}${search}`,
  };
}

/** A flow that has been tried, once more and more often. Of a page only the connection: whether it stands is what is to be seen. */
export function furtherTrial({ flow, walk, probe }: Trial, attempts: number): Trial {
  const again = { ...probe, id: `${probe.id}.m`, attempts };
  if (again.kind !== "http") return { flow, walk, probe: again };
  const { id, from, src, dst, port, alsoTo } = again;
  const deadlineMs = PACKET_DEADLINE_MS;
  return { flow, walk, probe: { kind: "tcp", id, from, src, dst, port, attempts, deadlineMs, alsoTo } };
}

/** The symptom itself, from each place, at every address of what was named. */
export function symptomTrials(
  world: World,
  target: Target,
  places: readonly Place[],
  prefix: string,
): readonly Trial[] {
  const through = target.service?.through;
  const asked = [target.ip, ...(target.alsoAt ?? [])].flatMap((dst) => places.map((from) => ({ dst, from })));
  return asked.map(({ dst, from }, i) =>
    makeTrial(world, {
      id: `${prefix}s${i + 1}`,
      from,
      dst,
      port: target.port,
      protocol: target.protocol,
      url: urlAt(target, dst),
      attempts: asked.length > 1 ? DIRECT_ATTEMPTS : null,
      toService: through === "cluster-ip" || through === "node-port" ? through : undefined,
    }),
  );
}

/** An address in a URL is the one that is asked; a name stands for all of them. */
function urlAt({ url, ip }: Target, dst: Ip): string | null {
  if (url === null || sameIp(ip, dst)) return url;
  const other = new URL(url);
  if (bareHost(other) === ip.text) other.hostname = bracketed(dst);
  return other.href;
}

function bareHost({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, "");
}

/** Every endpoint, asked directly from each of these places. */
export function directTrials(
  world: World,
  endpoints: readonly Endpoint[],
  places: readonly Place[],
  prefix: string,
): readonly Trial[] {
  return places.flatMap((from, p) =>
    endpoints.map((endpoint, e) =>
      makeTrial(world, {
        id: `${prefix}d${p + 1}.${e + 1}`,
        from,
        dst: endpoint.ip,
        port: endpoint.port,
        protocol: endpoint.protocol === "UDP" ? "udp" : "tcp",
        url: null,
        attempts: DIRECT_ATTEMPTS,
      }),
    ),
  );
}

/** Every endpoint, asked once by its own node: does its pod answer at all? */
export function homeTrials(
  world: World,
  endpoints: readonly Endpoint[],
  hostOf: (node: string) => Place | null,
  prefix: string,
): readonly Trial[] {
  return endpoints.flatMap((endpoint, e) => {
    const from = endpoint.node === null ? null : hostOf(endpoint.node);
    if (from === null) return [];
    return [
      makeTrial(world, {
        id: `${prefix}h${e + 1}`,
        from,
        dst: endpoint.ip,
        port: endpoint.port,
        protocol: endpoint.protocol === "UDP" ? "udp" : "tcp",
        url: null,
        attempts: 1,
      }),
    ];
  });
}

/**
 * Those first that the walk says are lost, then one from every place to every node, before a second one of any such pair: what
 * the network between two nodes loses no walk foretells.
 */
export function mostTellingFirst(trials: readonly Trial[], endpoints: readonly Endpoint[]): readonly Trial[] {
  const isLost = ({ walk }: Trial): boolean => walk.branches.some((b) => arrives(b) !== true);
  const met = new Map<string, number>();
  const ranked = trials.map((trial) => {
    const { from, dst } = trial.flow;
    const pair = `${from} ${endpoints.find((e) => sameIp(e.ip, dst))?.node ?? dst.text}`;
    const nth = met.get(pair) ?? 0;
    met.set(pair, nth + 1);
    return { trial, rank: isLost(trial) ? -1 : nth };
  });
  return ranked.sort((a, b) => a.rank - b.rank).map(({ trial }) => trial);
}
