import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster, Endpoint, Pod } from "../facts/cluster.ts";
import { podKey } from "../facts/cluster.ts";
import { sameIp, withPort } from "../facts/ip.ts";
import type { Socket } from "../facts/netns.ts";
import type { Try } from "../think/explain/suspect.ts";
import type { Target } from "../think/symptom/target.ts";
import { type Upstream, upstreamTarget, waitedFor } from "../think/symptom/upstream.ts";
import { Looks } from "../think/symptom/waiting.ts";
import type { Answer } from "../witness/probe/probe.ts";
import { sendProbes } from "../witness/probe/send-probes.ts";
import type { Examined } from "./examination.ts";
import type { Field, Notebook } from "./field.ts";
import { socketsOf } from "./gateway.ts";
import { investigate } from "./investigate.ts";
import type { Investigation } from "./investigation.ts";
import { podPlace } from "./place.ts";
import { climbObjects, type ObjectRungs } from "./rungs/objects.ts";

/** A gateway that waits shows it in its sockets, for as long as it waits: usually a second or more. */
const GLANCE_MS = 120;
const MOST_GLANCES = 20;
const MOST_GATEWAYS = 8;

/** What was found behind a gateway: the flow of its own, and the objects of whom it waits for. */
export interface Behind {
  readonly investigation: Investigation;
  readonly objects: ObjectRungs;
}

/**
 * The flow behind a gateway, from the gateway's own pod.
 * @param again makes the gateway send what fails: needed where its connections stand, and only what is said on them gets lost
 */
export async function followBehind(
  field: Field,
  pod: Pod,
  upstream: Upstream,
  notebook: Notebook,
  again: () => Promise<void>,
): Promise<Behind | null> {
  const place = podPlace(field.world, pod);
  if (place === null) return null;
  const target = upstreamTarget(upstream, field.cluster, field.world);
  const objects = climbObjects(target, [place.node], field.cluster, field.world, "e1");
  const endpoints = [...objects.endpoints, ...objects.candidates];
  const adopts = isHeardOut(upstream);
  const during = adopts ? again : null;
  const question = { target, places: [place], endpoints, prefix: "u", adopts, isFromPlacesOnly: true, during };
  notebook.happened(field.now(), null, "gateway-followed", {
    pod: podKey(pod),
    to: withPort(upstream.ip, upstream.port),
  });
  const investigation = await investigate(field, question, notebook);
  return { investigation, objects };
}

/** Sends the symptom's tries once more, so that what a gateway does meanwhile can be heard. */
export async function tryAgain(field: Field, failing: readonly Examined[]): Promise<void> {
  const probes = failing.map((e) => e.trial.probe);
  await sendProbes(field.reader, probes, field.random, field.limits);
}

/** Its connections are accepted, for all that is known: a bare one of ours would be too. */
function isHeardOut({ requests, connects, sockets, unreplied }: Upstream): boolean {
  return connects === 0 && sockets === 0 && (requests > 0 || unreplied === 0);
}

export function isAbout(investigation: Investigation, upstream: Upstream): boolean {
  return sameIp(investigation.target.ip, upstream.ip) && investigation.target.port === upstream.port;
}

/** While the tries run: which pods behind the Service wait for somebody themselves? What they wait for is followed at once. */
export function glanceAtGateways(field: Field, target: Target, endpoints: readonly Endpoint[], notebook: Notebook) {
  const sockets = new Map<string, readonly Socket[]>();
  const looks = new Map<string, Looks>();
  let started: Promise<Behind | null> | null = null;
  const onNode = podOnNode(target, field.cluster);
  const pods = endpoints
    .flatMap((e) => field.cluster.pods.filter((p) => e.pod !== null && podKey(p) === podKey(e.pod)))
    .concat(onNode === null ? [] : [onNode])
    .slice(0, MOST_GATEWAYS);
  const portOf = (pod: Pod) =>
    endpoints.find((e) => e.pod !== null && podKey(e.pod) === podKey(pod))?.port ?? target.port;
  const look = async (areOver: () => boolean): Promise<void> => {
    if (target.url === null || pods.length === 0) return;
    for (let glances = 0; glances < MOST_GLANCES && started === null && !areOver(); glances += 1) {
      await sleep(GLANCE_MS);
      const seen = await Promise.all(pods.map(async (pod) => ({ pod, now: await socketsOf(field, pod, portOf(pod)) })));
      for (const { pod, now } of seen) {
        const key = podKey(pod);
        const ours = looks.get(key) ?? new Looks();
        looks.set(key, ours);
        const waiting = ours.add(now);
        const upstream = waitedFor(pod.ips, waiting, [], [], field.cluster)[0];
        if (upstream === undefined) continue;
        sockets.set(key, waiting);
        // What stands may yet be answered: whether anything is wrong, the tries will tell.
        if (!isHeardOut(upstream)) started ??= followBehind(field, pod, upstream, notebook, async () => {});
      }
    }
  };
  return {
    sockets,
    look,
    investigation: async (): Promise<Behind | null> => (started === null ? null : await started),
  };
}

/** The packets did their part: it was the server that answered with an error, or not at all on a connection that stood. */
export function isServersFault(answer: Answer, attempt: Try | undefined): boolean {
  return (answer.httpStatus ?? 0) >= 500 || (answer.outcome !== "answered" && attempt?.answered === true);
}

/** The pod that answered with a 5xx, or not at all: where the tries were seen to go, or the only endpoint there is. */
export function gatewayPod(
  failing: readonly Examined[],
  endpoints: readonly Endpoint[],
  target: Target,
  field: Field,
): Pod | null {
  const podAt = (endpoint: Endpoint | undefined): Pod | null =>
    endpoint?.pod == null ? null : (field.cluster.pods.find((p) => podKey(p) === podKey(endpoint.pod ?? p)) ?? null);
  for (const { tried, result } of failing) {
    for (const [i, answer] of result.answers.entries()) {
      if (!isServersFault(answer, tried.tries[i])) continue;
      const to = tried.tries[i]?.trail?.destination ?? null;
      const pod = podAt(endpoints.find((e) => to !== null && sameIp(e.ip, to.ip)));
      if (pod !== null) return pod;
    }
  }
  if (failing.length === 0) return null;
  if (endpoints.length === 1) return podAt(endpoints[0]);
  const { trial } = failing[0] as Examined;
  return (
    field.cluster.pods.find((p) => !p.hostNetwork && p.ips.some((ip) => sameIp(ip, trial.flow.dst))) ??
    podOnNode(target, field.cluster)
  );
}

/** The pod on a node's own network that serves the port of that node which is asked; ports of such pods are declared. */
export function podOnNode({ entry, service, port }: Target, cluster: Cluster): Pod | null {
  if (entry === null || service !== null) return null;
  const pods = cluster.pods.filter(
    (p) =>
      p.hostNetwork &&
      p.node === entry.name &&
      p.phase === "Running" &&
      p.containers.some((c) => c.ports.some((own) => own.port === port && own.protocol === "TCP")),
  );
  return pods.length === 1 ? (pods[0] ?? null) : null;
}
