import type { Pod } from "../facts/cluster.ts";
import { podKey } from "../facts/cluster.ts";
import { withPort } from "../facts/ip.ts";
import type { ConntrackEntry, Socket } from "../facts/netns.ts";
import { type NetnsId, netnsId } from "../facts/provenance.ts";
import { LIST_CONNECTIONS } from "../read/collect/commands.ts";
import { parseConntrack } from "../read/parse/conntrack.ts";
import { parseSockets } from "../read/parse/sockets.ts";
import { text } from "../read/transport/reader.ts";
import { namedInLog, telltaleLines, type Unanswered, type Upstream, waitedFor } from "../think/symptom/upstream.ts";
import { Looks } from "../think/symptom/waiting.ts";
import { unansweredConnects } from "../witness/correlate/unanswered.ts";
import type { Frame } from "../witness/sighting.ts";
import type { Field } from "./field.ts";
import { type Finding, finding } from "./findings.ts";
import { podPlace } from "./place.ts";

const LOG_SECONDS = 300;
const LOG_LINES = 500;
/** A line of a log is 16 KiB at most where a container runtime writes it; few are. */
const LOG_BYTES = 1 << 20;

/** TCP sockets of a pod, right now; of one on its node's network those of the server on this port alone. */
export async function socketsOf(field: Field, pod: Pod, port: number): Promise<readonly Socket[]> {
  const place = podPlace(field.world, pod);
  if (place === null) return [];
  const argv = ["ss", pod.hostNetwork ? "-tanpi" : "-tani"];
  const [output] = await field.reader.run(place.node, [{ name: "ss", argv, netns: place.path }], field.limits);
  if (output === undefined || output.failure !== null) return [];
  const { value } = parseSockets(text(output), { node: place.node, netns: place.netns, argv, at: output.at });
  return pod.hostNetwork ? socketsOfServer(value, port) : value;
}

/** A node has sockets of many: those of the process that listens there are the server's. */
export function socketsOfServer(sockets: readonly Socket[], port: number): readonly Socket[] {
  const server = sockets.find((s) => s.state === "LISTEN" && s.localPort === port)?.process ?? null;
  return server === null ? [] : sockets.filter((s) => s.process === server);
}

export async function conntrackOf(field: Field, node: string): Promise<readonly ConntrackEntry[]> {
  const round = Object.entries(LIST_CONNECTIONS).map(([name, argv]) => ({ name, argv, netns: null }));
  const outputs = await field.reader.run(node, round, field.limits);
  const netns: NetnsId = netnsId(node, "host");
  return outputs
    .filter(({ failure }) => failure === null)
    .flatMap((output) => parseConntrack(text(output), { node, netns, argv: output.command.argv, at: output.at }).value);
}

export interface GatewayReading {
  readonly pod: Pod;
  readonly upstreams: readonly Upstream[];
  readonly lines: readonly Finding[];
}

/** Connections that it opened while taps ran and that nobody accepted. What leaves a node's own network is not only its own. */
export function unansweredOf({ world }: Field, pod: Pod, frames: readonly Frame[]): readonly Unanswered[] {
  const place = podPlace(world, pod);
  return place === null || pod.hostNetwork ? [] : unansweredConnects(frames, place.netns);
}

/**
 * Whom a pod that answers 5xx waits for: its sockets, its node's conntrack, its log.
 * @param seen sockets that hung while the tries ran
 * @param port on which it serves
 * @param guess whom it may ask, where none of them tells
 */
export async function readGateway(
  field: Field,
  pod: Pod,
  seen: readonly Socket[],
  unanswered: readonly Unanswered[],
  port: number,
  guess: () => readonly Upstream[],
): Promise<GatewayReading> {
  const [now, rows, log] = await Promise.all([
    socketsOf(field, pod, port).then((all) => new Looks().add(all)),
    pod.node === null ? Promise.resolve([]) : conntrackOf(field, pod.node),
    field.kube.podLog(
      { namespace: pod.namespace, pod: pod.name, sinceSeconds: LOG_SECONDS, tailLines: LOG_LINES },
      { ...field.limits, maxBytes: LOG_BYTES },
    ),
  ]);
  const sockets = seen.length > 0 ? seen : now;
  const lines: Finding[] = [];
  const line = telltaleLines(log.known ? log.value : "", 1)[0];
  const waited = waitedFor(pod.ips, sockets, rows, unanswered, field.cluster);
  const named = line === undefined ? null : namedInLog(line, pod.ips, field.cluster);
  const known = waited.length > 0 || named === null ? waited : [named];
  const upstreams = known.length > 0 ? known : guess();
  const [upstream] = upstreams;
  if (line !== undefined) lines.push(finding("gateway-log", { line }));
  if (upstream !== undefined) {
    const to = withPort(upstream.ip, upstream.port);
    if (known.length === 0 && upstream.answered === 0 && upstream.service !== null)
      lines.push(finding("gateway-beside", { pod: podKey(pod), service: podKey(upstream.service), to }));
    if (upstream.connects > 0) lines.push(finding("gateway-connects", { count: upstream.connects, to }));
    if (upstream.sockets > 0) lines.push(finding("gateway-socket", { pod: podKey(pod), state: "SYN_SENT", to }));
    if (upstream.requests > 0) {
      const { requests: count, unacknowledged } = upstream;
      lines.push(finding("gateway-request", { to, count, unacknowledged }));
    }
    if (upstream.unreplied > 0)
      lines.push(finding("gateway-conntrack", { node: pod.node ?? "", to, count: upstream.unreplied }));
    if (upstream.answered > 0)
      lines.push(finding("gateway-used", { node: pod.node ?? "", to, count: upstream.answered }));
  } else lines.push(finding("upstream-unknown", { pod: podKey(pod) }));
  return { pod, upstreams, lines };
}
