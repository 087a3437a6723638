import { podKey } from "../facts/cluster.ts";
import { withPort } from "../facts/ip.ts";
import { phrase } from "../facts/phrase.ts";
import { nodeOf } from "../facts/provenance.ts";
import type { Symptom } from "../think/symptom/symptom.ts";
import type { Target } from "../think/symptom/target.ts";
import {
  type Behind,
  followBehind,
  gatewayPod,
  glanceAtGateways,
  isAbout,
  isServersFault,
  tryAgain,
} from "./behind.ts";
import type { HuntEvent } from "./conclusion.ts";
import type { Examined } from "./examination.ts";
import { evidenceAt, type Field, type Notebook } from "./field.ts";
import { type GatewayReading, readGateway, unansweredOf } from "./gateway.ts";
import { investigate } from "./investigate.ts";
import type { Investigation } from "./investigation.ts";
import { usedInVain } from "./lost-services.ts";
import type { Place } from "./place.ts";
import { type Recording, recordingOf } from "./recorded.ts";
import { isOfCluster, recordedGateway } from "./recorded-gateway.ts";
import { climbObjects, type ObjectRungs } from "./rungs/objects.ts";

/** What was asked, and from where. */
export interface Asked {
  readonly symptom: Symptom;
  readonly target: Target;
  readonly places: readonly Place[];
  /** As whoever asks has named the place; null: the usual ones. */
  readonly from: string | null;
  /** Where a name without a namespace is looked up. */
  readonly namespace: string;
}

/** All that was tried: the symptom as its users meet it, and the flow behind a gateway that waits for somebody. */
export interface Tries extends Asked {
  readonly faced: Investigation;
  /** Tries of the symptom in which the server is at fault, and not the way to it. */
  readonly failing: readonly Examined[];
  readonly gateway: GatewayReading | null;
  readonly behind: Investigation | null;
  /** What the verdict is about: the flow behind the gateway, where there is one. */
  readonly focus: Investigation;
  /** The objects that the focus leads through. */
  readonly objects: ObjectRungs;
  /** What takes the place of probes offline; null on a live cluster. */
  readonly recording: Recording | null;
  readonly timings: { readonly triesMs: number; readonly probesMs: number };
}

/** Tries the symptom as its users do; a gateway that hangs is noticed while it hangs, and followed. */
export async function* trySymptom(field: Field, asked: Asked, notebook: Notebook): AsyncGenerator<HuntEvent, Tries> {
  const { cluster, now, reader } = field;
  const { target, places, symptom } = asked;
  const apiEvidence = notebook.add({
    voice: "api",
    node: null,
    source: phrase("api-lists"),
    excerpt: phrase("object-counts", {
      nodes: cluster.nodes.length,
      pods: cluster.pods.length,
      services: cluster.services.length,
      endpoints: cluster.endpoints.length,
    }),
    at: evidenceAt(field),
  });
  const from = places.map((place) => place.node);
  const facedObjects = climbObjects(target, from, cluster, field.world, apiEvidence);
  yield { kind: "progress", doing: "tries", detail: symptom.input };
  const glance = glanceAtGateways(field, target, facedObjects.endpoints, notebook);
  const startedAt = now();
  const endpoints = [...facedObjects.endpoints, ...facedObjects.candidates];
  const isFromPlacesOnly = asked.from !== null;
  const question = { target, places, endpoints, prefix: "", adopts: false, isFromPlacesOnly, during: glance.look };
  const faced = await investigate(field, question, notebook);
  const triedAt = now();
  const failing = faced.symptom.filter((e) => e.result.answers.some((a, i) => isServersFault(a, e.tried.tries[i])));
  let gateway: GatewayReading | null = null;
  let followed: Behind | null = null;
  const recorded = reader.offline ? await recordedGateway(field, faced) : null;
  const pod = reader.offline ? (recorded?.pod ?? null) : gatewayPod(failing, faced.endpoints, target, field);
  if (pod !== null) {
    const unanswered = recorded?.unanswered ?? unansweredOf(field, pod, faced.examination.frames);
    const port = faced.endpoints.find((e) => e.pod !== null && podKey(e.pod) === podKey(pod))?.port ?? target.port;
    const hung = glance.sockets.get(podKey(pod)) ?? [];
    const guess = () => recorded?.guessed ?? usedInVain(field, pod);
    gateway = await readGateway(field, pod, hung, unanswered, port, guess);
    const early = await glance.investigation();
    const upstream = reader.offline ? gateway.upstreams.find(isOfCluster) : gateway.upstreams[0];
    if (early !== null && upstream !== undefined && isAbout(early.investigation, upstream)) followed = early;
    else if (upstream !== undefined) {
      yield { kind: "progress", doing: "probes", detail: withPort(upstream.ip, upstream.port) };
      followed = await followBehind(field, pod, upstream, notebook, () => tryAgain(field, failing));
    }
  } else await glance.investigation();
  const behind = followed?.investigation ?? null;
  const recording = reader.offline ? await recordingOf(field) : null;
  if (recording !== null) tellRecorded(recording, notebook);
  return {
    ...asked,
    faced,
    failing,
    gateway,
    behind,
    focus: behind ?? faced,
    objects: followed?.objects ?? facedObjects,
    recording,
    timings: { triesMs: triedAt - startedAt, probesMs: now() - triedAt },
  };
}

const NS_PER_MS = 1_000_000n;

/** When packets were recorded, each node by its own clock: in the order of the nodes, for nothing orders their clocks. */
function tellRecorded({ frames }: Recording, notebook: Notebook): void {
  const spans = new Map<string, { frames: number; first: bigint; last: bigint }>();
  for (const { netns, atNs } of frames) {
    const span = spans.get(nodeOf(netns)) ?? { frames: 0, first: atNs, last: atNs };
    span.frames += 1;
    if (atNs < span.first) span.first = atNs;
    if (atNs > span.last) span.last = atNs;
    spans.set(nodeOf(netns), span);
  }
  const byNode = [...spans].sort(([a], [b]) => a.localeCompare(b));
  for (const [node, { frames: count, first, last }] of byNode)
    notebook.happened(Number(first / NS_PER_MS), Number(last / NS_PER_MS), "packets-recorded", { node, frames: count });
}

/** Of a recording only what was under way then was met. */
export function isMet({ recording }: Tries, { tried }: Examined): boolean {
  return recording === null || tried.tries.length > 0;
}
