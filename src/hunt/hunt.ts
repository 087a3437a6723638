import { setTimeout as sleep } from "node:timers/promises";
import type { Endpoint, Pod } from "../facts/cluster.ts";
import { podKey } from "../facts/cluster.ts";
import { sameIp } from "../facts/ip.ts";
import type { Socket } from "../facts/netns.ts";
import type { Symptom } from "../think/symptom/symptom.ts";
import { isTargetError, resolveTarget, type Target } from "../think/symptom/target.ts";
import { hopsOf } from "../think/explain/suspect.ts";
import { type Upstream, waitedFor } from "../think/symptom/upstream.ts";
import { arrives } from "../think/walk/branch.ts";
import { walk } from "../think/walk/walk.ts";
import { stillSo } from "./again.ts";
import { affectedBy, hopList, lastHopOf, mainSuspect, toFoundCause, voicesOf, weaken } from "./conclude.ts";
import type { Conclusion, HuntEvent } from "./conclusion.ts";
import type { Examined } from "./examine.ts";
import { type Field, Notebook } from "./field.ts";
import type { Rung } from "./findings.ts";
import { type GatewayReading, readGateway, waitingSockets } from "./gateway.ts";
import { HuntError } from "./hunt-error.ts";
import { type Investigation, investigate } from "./investigate.ts";
import { isFromError, namedPlace, type Place, podPlace, usualPlaces } from "./place.ts";
import { reckon } from "./reckon.ts";
import { captureRung } from "./rungs/capture.ts";
import { httpRung, withHome } from "./rungs/http.ts";
import { climbObjects } from "./rungs/objects.ts";
import { kernelRung, reachRung, reasonOf } from "./rungs/probes.ts";
import { routeRung } from "./rungs/route.ts";
import { makeTrial } from "./trials.ts";

export interface HuntRequest {
  readonly symptom: Symptom;
  /** `here`, `node/N`, `pod/P`; null: as the symptom's users would. */
  readonly from: string | null;
  readonly namespace: string;
}

/** A gateway that waits shows it in its sockets, for as long as it waits: usually a second or more. */
const GLANCE_MS = 120;
const MOST_GLANCES = 6;
const MOST_PLACES = 8;
const MOST_REACH_LINES = 6;

/** From the symptom down: tries it, follows it, and ends in a conclusion. @throws HuntError when it cannot begin. */
export async function* hunt(field: Field, request: HuntRequest, startedAt: number): AsyncGenerator<HuntEvent> {
  const { cluster, world, reader, now } = field;
  const { symptom } = request;
  const notebook = new Notebook();
  const target = resolveTarget(symptom, cluster);
  if (isTargetError(target)) throw new HuntError(target);
  const places = choosePlaces(field, request, target);
  const from = places.map((p) => p.label).join(", ");
  const reached = [...new Set([...world.netns.values()].filter((n) => n.name === "host" && n.links.known).map((n) => n.node))];
  const clusterNodes = new Set(cluster.nodes.map((n) => n.name));
  yield { kind: "start", from, via: reader.via, nodes: clusterNodes.size, reached: reached.filter((n) => clusterNodes.has(n)).length };

  const readAt = new Date(now()).toISOString();
  const apiEvidence = notebook.add({
    voice: "api",
    node: null,
    source: "Kubernetes API: nodes, pods, services, endpointslices",
    excerpt: `${cluster.nodes.length} nodes, ${cluster.pods.length} pods, ${cluster.services.length} services, ${cluster.endpoints.length} endpoints`,
    at: readAt,
  });
  const facedObjects = climbObjects(target, cluster, apiEvidence);
  const marks: Record<string, number> = { openMs: now() - startedAt };

  // 1. The symptom, tried as its users do; a gateway that hangs is noticed while it hangs.
  yield { kind: "progress", doing: "tries", detail: symptom.input };
  const glance = glanceAtGateways(field, target, facedObjects.endpoints, notebook);
  const facedStart = now();
  const faced = await investigate(field, target, places, [...facedObjects.endpoints, ...facedObjects.candidates], "", notebook, glance.look);
  marks.triesMs = now() - facedStart;
  const failing = faced.symptom.filter((e) => e.result.answers.some((a) => a.httpStatus !== null && a.httpStatus >= 500));
  let gateway: GatewayReading | null = null;
  let behind: Investigation | null = null;
  let behindObjects: ReturnType<typeof climbObjects> | null = null;
  const pod = gatewayPod(failing, faced.endpoints, field);
  if (pod !== null) {
    gateway = await readGateway(field, pod, glance.sockets.get(podKey(pod)) ?? []);
    const early = await glance.investigation();
    const upstream = gateway.upstreams[0];
    if (early !== null && upstream !== undefined && isAbout(early.investigation, upstream)) {
      behind = early.investigation;
      behindObjects = early.objects;
    } else if (upstream !== undefined) {
      yield { kind: "progress", doing: "probes", detail: `${upstream.ip.text}:${upstream.port}` };
      const started = await startBehind(field, pod, upstream, notebook);
      behind = started?.investigation ?? null;
      behindObjects = started?.objects ?? null;
    }
  } else await glance.investigation();
  marks.probesMs = now() - facedStart - marks.triesMs;

  // 2. What the rungs say, from the top.
  const ladder: Rung[] = [];
  const climb = (rung: Rung): HuntEvent => {
    ladder.push(rung);
    return { kind: "rung", rung };
  };
  const httpEvidence = faced.symptom.map((e) =>
    notebook.add({
      voice: "witness",
      node: e.trial.probe.from.node,
      source: `${e.trial.probe.kind} ${symptom.input} from ${e.trial.probe.from.netns}`,
      excerpt: e.result.answers.map((a) => `#${a.n} ${a.httpStatus ?? a.outcome}${a.ms === null ? "" : ` ${Math.round(a.ms)} ms`} ${a.detail}`.trim()).join("\n"),
      at: new Date(now()).toISOString(),
    }),
  );
  yield climb(httpRung(symptom.kind === "dns" ? "dns" : "http", faced.symptom, gateway, failing[0] ?? null, httpEvidence));
  const objects = behindObjects ?? facedObjects;
  const focus = behind ?? faced;
  for (const rung of objects.rungs) yield climb(rung.rung === "pods" ? withHome(rung, focus.home) : rung);
  yield climb(reachRung(focus.direct.map((e) => e.tried), MOST_REACH_LINES));

  // 3. What the three voices make of it.
  yield { kind: "progress", doing: "search", detail: "" };
  const searchStart = now();
  const investigations = behind === null ? [faced] : [faced, behind];
  const tried = investigations.flatMap((i) => [...i.symptom, ...i.direct, ...i.home]).map((e) => e.tried);
  const reckoning = await reckon(field, tried);
  marks.searchMs = now() - searchStart;
  const fault = objects.fault;
  const symptomFailed = faced.symptom.some((e) => e.result.answers.some((a) => a.outcome !== "answered" || (a.httpStatus ?? 0) >= 500));
  // What a Service without endpoints rejects, it rejects for want of endpoints: the object is the cause, not the rule.
  const vip = behind === null ? target.ip : behind.target.ip;
  const causes = fault === null ? reckoning.causes : reckoning.causes.filter((c) => !c.suspects.every((s) => sameIp(s.tried.flow.dst, vip) || sameIp(s.tried.flow.dst, target.ip)));
  const symptomSuspects = fault === null ? reckoning.suspects : reckoning.suspects.filter((s) => sameIp(s.tried.flow.dst, vip));
  const main = fault === null ? mainSuspect(causes, reckoning.suspects) : (mainSuspect([], symptomSuspects) ?? mainSuspect(causes, reckoning.suspects));
  const healed = main === null ? null : reckoning.healed(main);
  const examinations = investigations.map((i) => i.examination);
  const moved = new Map(examinations.flatMap((e) => [...e.moved]));
  const reasons: readonly { reason: string; count: number }[] = [];
  const lostTaps = examinations.flatMap((e) => e.reports.filter((r) => !r.trustworthy).map((r) => r.netns));
  const probes = tried.reduce((sum, t) => sum + t.tries.length, 0);
  const shown = main !== null && (main.failed > 0 || symptomFailed) ? main : null;
  yield climb(routeRung(shown === null ? [] : (reckoning.agreements.get(shown) ?? []), shown));
  yield climb(captureRung(shown, healed, probes, [...new Set(lostTaps)]));
  yield climb(kernelRung(shown, moved, reasons));

  // 4. The verdict.
  const first = causes[0] ?? null;
  const asSuspected = fault === null ? (first?.confidence ?? null) : null;
  let confidence = asSuspected;
  if (confidence === "confirmed" && main !== null && first !== null) {
    yield { kind: "progress", doing: "again", detail: first.object };
    const againStart = now();
    const same = await stillSo(field, main);
    marks.againMs = now() - againStart;
    if (same !== true) {
      confidence = weaken(confidence);
      notebook.miss([{ what: `${first.object} again after the probes`, why: same === null ? "it could not be read again" : "it is no longer what it was" }]);
    }
  }
  const isWhole = faced.symptom.every((e) => e.tried.walk.branches.length > 0 && e.tried.walk.branches.every((b) => arrives(b) === true));
  const unknownBranch = faced.symptom.flatMap((e) => e.tried.walk.branches).find((b) => arrives(b) === null);
  if (unknownBranch !== undefined) {
    const at = unknownBranch.unknown ?? unknownBranch.reply.find((r) => r.unknown !== null)?.unknown ?? null;
    if (at !== null) notebook.miss([{ what: `the walk to ${unknownBranch.destination.ip.text}`, why: at.why }]);
  }
  const outcome = symptomFailed ? "broken" : isWhole && notDoomed(faced) ? "healthy" : "unknown";
  const objectCause = fault !== null && symptomFailed ? fault : null;
  const objectConfirmed = objectCause?.repair != null && deliversTo(field, focus, objects.candidates);
  const named = objectCause !== null ? objectCause.cause : first === null ? null : toFoundCause(first);
  const finalConfidence =
    outcome !== "broken" ? null : objectCause !== null ? (objectConfirmed ? "confirmed" : "likely") : (confidence ?? "suspected");
  const cause = outcome === "broken" && finalConfidence !== "suspected" ? named : null;
  const others = outcome === "broken" ? (objectCause !== null ? causes : causes.slice(1)) : [];
  const conclusion: Conclusion = {
    symptom: { input: symptom.input, kind: symptom.kind, from },
    outcome,
    confidence: finalConfidence,
    cause,
    otherCauses: others.filter((c) => c.confidence !== "suspected").map((c) => ({ ...toFoundCause(c), confidence: c.confidence })),
    lastHop: outcome === "broken" && main !== null ? lastHopOf(main, healed, reasonOf(main, moved, reasons)) : null,
    ladder,
    branches: branchRows(faced, behind),
    path: main !== null && outcome === "broken" ? hopList(main.hops, main.offPath) : wholePath(faced),
    evidence: notebook.evidence,
    affected: affectedBy(field, cause),
    repairs: [
      ...(objectCause?.repair == null || outcome !== "broken" ? [] : [{ api: objectCause.repair, proven: objectConfirmed }]),
      ...(outcome !== "broken" || objectCause !== null ? [] : causes)
        .filter((c) => c.confidence !== "suspected")
        .flatMap((c) => c.edits.map((edit) => ({ edit, proven: c.proven }))),
    ],
    recurrence: [],
    notChecked: notebook.notChecked,
    voices: voicesOf(main, objectCause === null ? first : null, reckoning),
    offline: reader.offline,
    timings: { ...marks, totalMs: now() - startedAt },
  };
  yield { kind: "concluded", conclusion };
}

function choosePlaces(field: Field, request: HuntRequest, target: Target): readonly Place[] {
  const { world, cluster } = field;
  if (request.from !== null) {
    const place = namedPlace(request.from, request.namespace, world, cluster);
    if (isFromError(place)) throw new HuntError(place);
    return [place];
  }
  const places = usualPlaces(request.symptom, target, world, cluster, MOST_PLACES);
  if (places.length === 0) throw new HuntError({ error: "no-place-to-send-from" });
  return places;
}

/** While the tries run: which pods behind the Service wait for somebody themselves? What they wait for is followed at once. */
function glanceAtGateways(field: Field, target: Target, endpoints: readonly Endpoint[], notebook: Notebook) {
  const sockets = new Map<string, readonly Socket[]>();
  let started: Promise<Behind | null> | null = null;
  const pods = endpoints.flatMap((e) => field.cluster.pods.filter((p) => e.pod !== null && podKey(p) === podKey(e.pod))).slice(0, MOST_PLACES);
  const look = async (): Promise<void> => {
    if (target.url === null || pods.length === 0) return;
    for (let glances = 0; glances < MOST_GLANCES && started === null; glances += 1) {
      await sleep(GLANCE_MS);
      for (const [key, waiting] of await waitingSockets(field, pods)) {
        const pod = pods.find((p) => podKey(p) === key);
        const upstream = pod === undefined ? undefined : waitedFor(pod.ips, waiting, [], field.cluster)[0];
        if (pod === undefined || upstream === undefined) continue;
        sockets.set(key, waiting);
        started ??= startBehind(field, pod, upstream, notebook);
      }
    }
  };
  return { sockets, look, investigation: async (): Promise<Behind | null> => (started === null ? null : await started) };
}

interface Behind {
  readonly investigation: Investigation;
  readonly objects: ReturnType<typeof climbObjects>;
}

/** The flow behind a gateway, from the gateway's own pod. */
async function startBehind(field: Field, pod: Pod, upstream: Upstream, notebook: Notebook): Promise<Behind | null> {
  const place = podPlace(field.world, pod);
  if (place === null) return null;
  const target = targetAt(field, upstream);
  const objects = climbObjects(target, field.cluster, "e1");
  const endpoints = [...objects.endpoints, ...objects.candidates];
  const investigation = await investigate(field, target, [place], endpoints, "u", notebook);
  return { investigation, objects };
}

function targetAt(field: Field, upstream: Upstream): Target {
  const { ip, port, protocol } = upstream;
  const symptom: Symptom = { kind: "address", input: `${ip.text}:${port}`, ip, port };
  const resolved = resolveTarget(symptom, field.cluster);
  const plain: Target = { protocol, ip, port, url: null, service: null, pod: null, entry: null };
  if (isTargetError(resolved)) return plain;
  // It is the connection that hangs: to ask for a page would only repeat what the gateway does.
  const service = resolved.service;
  return { ...resolved, protocol, url: null, service, ...(service === null && resolved.pod === null ? plain : {}) };
}

function isAbout(investigation: Investigation, upstream: Upstream): boolean {
  return sameIp(investigation.target.ip, upstream.ip) && investigation.target.port === upstream.port;
}

/** The pod that answered with a 5xx: where the tries were seen to go, or the only endpoint there is. */
function gatewayPod(failing: readonly Examined[], endpoints: readonly Endpoint[], field: Field): Pod | null {
  const podAt = (endpoint: Endpoint | undefined): Pod | null =>
    endpoint?.pod == null ? null : (field.cluster.pods.find((p) => podKey(p) === podKey(endpoint.pod ?? p)) ?? null);
  for (const { tried, result } of failing) {
    for (const [i, answer] of result.answers.entries()) {
      if (answer.httpStatus === null || answer.httpStatus < 500) continue;
      const to = tried.tries[i]?.trail?.destination ?? null;
      const pod = podAt(endpoints.find((e) => to !== null && sameIp(e.ip, to.ip)));
      if (pod !== null) return pod;
    }
  }
  if (failing.length === 0) return null;
  if (endpoints.length === 1) return podAt(endpoints[0]);
  const { trial } = failing[0] as Examined;
  return field.cluster.pods.find((p) => !p.hostNetwork && p.ips.some((ip) => sameIp(ip, trial.flow.dst))) ?? null;
}

/** No branch that the tries did not happen to take is known to be dead. */
function notDoomed(faced: Investigation): boolean {
  return faced.direct.every((e) => e.result.answers.every((a) => a.outcome === "answered") || !isServed(faced, e));
}

/** A direct probe that fails while every try of the Service through that endpoint is answered says nothing of the symptom. */
function isServed(faced: Investigation, direct: Examined): boolean {
  const to = direct.trial.flow.dst;
  const through = faced.symptom.flatMap((e) => e.tried.tries).filter((t) => t.trail?.destination != null && sameIp(t.trail.destination.ip, to));
  return through.length === 0 || through.some((t) => !t.answered);
}

/** The walk over the corrected object: every pod that it would select is reached from where the symptom is. */
function deliversTo(field: Field, focus: Investigation, candidates: readonly Endpoint[]): boolean {
  if (candidates.length === 0) return false;
  return focus.places.every((from) =>
    candidates.every((c) => {
      const { flow } = makeTrial(field.world, { id: "w", from, dst: c.ip, port: c.port, protocol: c.protocol === "UDP" ? "udp" : "tcp", url: null, attempts: 1 });
      return walk(field.world, flow).branches.every((b) => arrives(b) === true);
    }),
  );
}

function branchRows(faced: Investigation, behind: Investigation | null): Conclusion["branches"] {
  const rows = new Map<string, { to: string; attempts: number; answered: number; predicted: string }>();
  for (const investigation of behind === null ? [faced] : [behind]) {
    for (const { tried } of [...investigation.symptom, ...investigation.direct]) {
      for (const branch of tried.walk.branches) {
        const to = `${branch.destination.ip.text}${tried.flow.protocol === "icmp" ? "" : `:${branch.destination.port}`}`;
        const mine = tried.walk.branches.length === 1 ? tried.tries : tried.tries.filter((t) => t.trail?.destination != null && sameIp(t.trail.destination.ip, branch.destination.ip));
        const row = rows.get(to) ?? { to, attempts: 0, answered: 0, predicted: branch.end };
        row.attempts += mine.length;
        row.answered += mine.filter((t) => t.answered).length;
        const back = branch.reply.find((r) => r.end !== "DELIVERED");
        row.predicted = branch.end === "DELIVERED" ? (back?.end ?? row.predicted) : branch.end;
        rows.set(to, row);
      }
    }
  }
  return [...rows.values()];
}

/** Where nothing is broken the path is the first branch's, as it was seen. */
function wholePath(faced: Investigation): Conclusion["path"] {
  const tried = faced.symptom[0]?.tried;
  const branch = tried?.walk.branches[0];
  return tried === undefined || branch === undefined ? [] : hopList(hopsOf(tried, branch), []);
}
