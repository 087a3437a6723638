import { sameIp } from "../facts/ip.ts";
import { podKey } from "../facts/cluster.ts";
import type { Symptom } from "../think/symptom/symptom.ts";
import { isTargetError, resolveTarget, type Target } from "../think/symptom/target.ts";
import { arrives } from "../think/walk/branch.ts";
import { stillSo } from "./again.ts";
import {
  type Behind,
  followBehind,
  gatewayPod,
  glanceAtGateways,
  isAbout,
  isServersFault,
  tryAgain,
} from "./behind.ts";
import { affectedBy, hopList, lastHopOf, mainSuspect, toFoundCause, voicesOf, weaken } from "./conclude.ts";
import type { Conclusion, HuntEvent } from "./conclusion.ts";
import { noteEvidence } from "./evidence.ts";
import { type Field, Notebook } from "./field.ts";
import type { Rung } from "./findings.ts";
import { type GatewayReading, readGateway } from "./gateway.ts";
import { HuntError } from "./hunt-error.ts";
import { investigate } from "./investigate.ts";
import { branchRows, deliversTo, hasDeadBranch, isLostOnRecord, notDoomed, wasAsked, wholePath } from "./outcome.ts";
import { isFromError, namedPlace, type Place, usualPlaces } from "./place.ts";
import { reckon } from "./reckon.ts";
import { recordingOf } from "./recorded.ts";
import { isOfCluster, recordedGateway } from "./recorded-gateway.ts";
import { recordedPlaces } from "./recorded-investigation.ts";
import { recordedCaptureRung, recordedKernelRung, recordedReachRung, recordedTopRung } from "./recorded-rungs.ts";
import { captureRung } from "./rungs/capture.ts";
import { httpRung, withHome } from "./rungs/http.ts";
import { climbObjects } from "./rungs/objects.ts";
import { kernelRung, mostMoved, reachRung, reasonOf } from "./rungs/probes.ts";
import { routeRung } from "./rungs/route.ts";

export interface HuntRequest {
  readonly symptom: Symptom;
  /** `here`, `node/N`, `pod/P`; null: as the symptom's users would. */
  readonly from: string | null;
  readonly namespace: string;
}

const MOST_PLACES = 8;
const MOST_REACH_LINES = 6;

/** From the symptom down: tries it, follows it, and ends in a conclusion. @throws HuntError when it cannot begin. */
export async function* hunt(field: Field, request: HuntRequest, startedAt: number): AsyncGenerator<HuntEvent> {
  const { cluster, world, reader, now } = field;
  const { symptom } = request;
  const notebook = new Notebook();
  const target = resolveTarget(symptom, cluster);
  if (isTargetError(target)) throw new HuntError(target);
  const places = await choosePlaces(field, request, target);
  const from = places.map((p) => p.label).join(", ");
  const answering = [
    ...new Set([...world.netns.values()].filter((n) => n.name === "host" && n.links.known).map((n) => n.node)),
  ];
  const clusterNodes = new Set(cluster.nodes.map((n) => n.name));
  yield {
    kind: "start",
    from,
    via: reader.via,
    nodes: clusterNodes.size,
    reached: answering.filter((n) => clusterNodes.has(n)).length,
  };

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
  const endpoints = [...facedObjects.endpoints, ...facedObjects.candidates];
  const faced = await investigate(
    field,
    { target, places, endpoints, prefix: "", adopts: false, during: glance.look },
    notebook,
  );
  marks.triesMs = now() - facedStart;
  const failing = faced.symptom.filter((e) => e.result.answers.some((a, i) => isServersFault(a, e.tried.tries[i])));
  let gateway: GatewayReading | null = null;
  let followed: Behind | null = null;
  const pod = reader.offline ? recordedGateway(field, faced) : gatewayPod(failing, faced.endpoints, field);
  if (pod !== null) {
    gateway = await readGateway(field, pod, glance.sockets.get(podKey(pod)) ?? [], faced.examination.frames);
    const early = await glance.investigation();
    const upstream = reader.offline ? gateway.upstreams.find(isOfCluster) : gateway.upstreams[0];
    if (early !== null && upstream !== undefined && isAbout(early.investigation, upstream)) followed = early;
    else if (upstream !== undefined) {
      yield { kind: "progress", doing: "probes", detail: `${upstream.ip.text}:${upstream.port}` };
      followed = await followBehind(field, pod, upstream, notebook, () => tryAgain(field, failing));
    }
  } else await glance.investigation();
  const behind = followed?.investigation ?? null;
  marks.probesMs = now() - facedStart - marks.triesMs;

  // 2. What the rungs say, from the top.
  const ladder: Rung[] = [];
  const climb = (rung: Rung): HuntEvent => {
    ladder.push(rung);
    return { kind: "rung", rung };
  };
  const recording = reader.offline ? await recordingOf(field) : null;
  const met = recording === null ? faced.symptom : faced.symptom.filter((e) => e.tried.tries.length > 0);
  const httpEvidence = met.map((e) =>
    notebook.add({
      voice: "witness",
      node: e.trial.probe.from.node,
      source: `${recording === null ? "" : "recorded "}${e.trial.probe.kind} ${symptom.input} from ${e.trial.probe.from.netns}`,
      excerpt: e.result.answers
        .map((a) =>
          `#${a.n} ${a.httpStatus ?? a.outcome}${a.ms === null ? "" : ` ${Math.round(a.ms)} ms`} ${a.detail}`.trim(),
        )
        .join("\n"),
      at: new Date(now()).toISOString(),
    }),
  );
  const top = symptom.kind === "dns" ? "dns" : target.url === null ? null : "http";
  if (top !== null && recording !== null) yield climb(recordedTopRung(top, faced.symptom, gateway, httpEvidence));
  else if (top !== null) yield climb(httpRung(top, faced.symptom, gateway, failing[0] ?? null, httpEvidence));
  const objects = followed?.objects ?? facedObjects;
  const focus = behind ?? faced;
  for (const rung of objects.rungs) yield climb(rung.rung === "pods" ? withHome(rung, focus.home) : rung);
  const reached = top === null || behind !== null ? [...focus.symptom, ...focus.direct] : focus.direct;
  const tellReach = recording === null ? reachRung : recordedReachRung;
  yield climb(
    tellReach(
      reached.map((e) => e.tried),
      MOST_REACH_LINES,
      top === null ? httpEvidence : [],
    ),
  );

  // 3. What the three voices make of it.
  yield { kind: "progress", doing: "search", detail: "" };
  const searchStart = now();
  const investigations = behind === null ? [faced] : [faced, behind];
  // Where the symptom's own packets arrive and only the gateway complains, its flow is the one to explain.
  const toExplain =
    behind !== null && faced.symptom.every((e) => e.tried.tries.every((t) => t.answered)) ? [behind] : investigations;
  const own = toExplain.flatMap((i) => i.symptom).map((e) => e.tried);
  const beside = toExplain.flatMap((i) => [...i.direct, ...i.home]).map((e) => e.tried);
  const examinations = investigations.map((i) => i.examination);
  const moved = mostMoved(examinations.map((e) => e.moved));
  const reckoning = await reckon(field, own, beside, moved);
  marks.searchMs = now() - searchStart;
  const fault = objects.fault;
  const symptomFailed =
    faced.symptom.some((e) => e.result.answers.some((a) => a.outcome !== "answered" || (a.httpStatus ?? 0) >= 500)) ||
    hasDeadBranch(faced) ||
    (recording !== null && [faced, ...(behind === null ? [] : [behind])].some(isLostOnRecord));
  // What a Service without endpoints rejects, it rejects for want of endpoints: the object is the cause, not the rule.
  const vip = behind === null ? target.ip : behind.target.ip;
  const causes =
    fault === null
      ? reckoning.causes
      : reckoning.causes.filter(
          (c) => !c.suspects.every((s) => sameIp(s.tried.flow.dst, vip) || sameIp(s.tried.flow.dst, target.ip)),
        );
  const symptomSuspects =
    fault === null ? reckoning.suspects : reckoning.suspects.filter((s) => sameIp(s.tried.flow.dst, vip));
  const main =
    fault === null
      ? mainSuspect(causes, reckoning.suspects)
      : (mainSuspect([], symptomSuspects) ?? mainSuspect(causes, reckoning.suspects));
  const healed = main === null ? null : reckoning.healed(main);
  const reasons = examinations.flatMap((e) => e.reasons);
  const lostTaps = examinations.flatMap((e) => e.reports.filter((r) => !r.trustworthy).map((r) => r.netns));
  const probes = [...own, ...beside].reduce((sum, t) => sum + t.tries.length, 0);
  const shown = main !== null && (main.failed > 0 || symptomFailed) ? main : null;
  const shownAgreements = shown === null ? [] : (reckoning.agreements.get(shown) ?? []);
  const noted =
    shown === null
      ? { route: [], capture: [], kernel: [] }
      : noteEvidence(notebook, shown, shownAgreements, moved, new Date(now()).toISOString());
  yield climb({ ...routeRung(shownAgreements, shown, reader.offline), evidence: noted.route });
  const lost = [...new Set(lostTaps)];
  const capture =
    recording === null
      ? captureRung(shown, healed, probes, lost, [...own, ...beside])
      : recordedCaptureRung(recording, shown, causes[0]?.suspects ?? [], healed, probes, lost);
  yield climb({ ...capture, evidence: noted.capture });
  const kernel = recording === null ? kernelRung(shown, moved, reasons) : recordedKernelRung(recording, shown);
  yield climb({ ...kernel, evidence: noted.kernel });

  // 4. The verdict.
  const first = causes[0] ?? null;
  const asSuspected = fault === null ? (first?.confidence ?? null) : null;
  let confidence = asSuspected;
  // A recording cannot be read again: its facts and its captures are one state.
  if (confidence === "confirmed" && main !== null && first !== null && recording === null) {
    yield { kind: "progress", doing: "again", detail: first.object };
    const againStart = now();
    const same = await stillSo(field, main);
    marks.againMs = now() - againStart;
    if (same !== true) {
      confidence = weaken(confidence);
      notebook.miss([
        {
          what: `${first.object} again after the probes`,
          why: same === null ? "it could not be read again" : "it is no longer what it was",
        },
      ]);
    }
  }
  const isSeenToFail = recording === null || met.some((e) => e.tried.tries.some((t) => !t.answered));
  // That the symptom hangs on what a gateway waited for is then our guess.
  if (behind !== null && !isSeenToFail && confidence !== null) confidence = weaken(confidence);
  const isWhole = faced.symptom.every(
    (e) => e.tried.walk.branches.length > 0 && e.tried.walk.branches.every((b) => arrives(b) === true),
  );
  const unknownBranch = faced.symptom.flatMap((e) => e.tried.walk.branches).find((b) => arrives(b) === null);
  if (unknownBranch !== undefined) {
    const at = unknownBranch.unknown ?? unknownBranch.reply.find((r) => r.unknown !== null)?.unknown ?? null;
    if (at !== null) notebook.miss([{ what: `the walk to ${unknownBranch.destination.ip.text}`, why: at.why }]);
  }
  const outcome = symptomFailed
    ? "broken"
    : isWhole && notDoomed(faced) && (recording !== null || wasAsked(faced))
      ? "healthy"
      : "unknown";
  const objectCause = fault !== null && symptomFailed ? fault : null;
  const objectConfirmed = objectCause?.repair != null && deliversTo(field, focus, objects.candidates);
  const named = objectCause !== null ? objectCause.cause : first === null ? null : toFoundCause(first);
  const finalConfidence =
    outcome !== "broken"
      ? null
      : objectCause !== null
        ? objectConfirmed && isSeenToFail
          ? "confirmed"
          : "likely"
        : (confidence ?? "suspected");
  const cause = outcome === "broken" && finalConfidence !== "suspected" ? named : null;
  const others = outcome === "broken" ? (objectCause !== null ? causes : causes.slice(1)) : [];
  const conclusion: Conclusion = {
    symptom: { input: symptom.input, kind: symptom.kind, from },
    outcome,
    confidence: finalConfidence,
    cause,
    otherCauses: others
      .filter((c) => c.confidence !== "suspected")
      .map((c) => ({ ...toFoundCause(c), confidence: c.confidence })),
    lastHop:
      outcome === "broken" && main !== null
        ? lastHopOf(main, healed, reasonOf(main, moved, reasons), reader.offline)
        : null,
    ladder,
    branches: branchRows(faced, behind),
    path: main !== null && outcome === "broken" ? hopList(main.hops, main.offPath) : wholePath(faced),
    evidence: notebook.evidence,
    affected: affectedBy(field, cause),
    repairs: [
      ...(objectCause?.repair == null || outcome !== "broken"
        ? []
        : [{ api: objectCause.repair, proven: objectConfirmed }]),
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

async function choosePlaces(field: Field, request: HuntRequest, target: Target): Promise<readonly Place[]> {
  const { world, cluster } = field;
  if (request.from !== null) {
    const place = namedPlace(request.from, request.namespace, world, cluster);
    if (isFromError(place)) throw new HuntError(place);
    return [place];
  }
  const usual = usualPlaces(request.symptom, target, world, cluster, MOST_PLACES);
  const places = field.reader.offline ? await recordedPlaces(field, target, usual, MOST_PLACES) : usual;
  if (places.length === 0) throw new HuntError({ error: "no-place-to-send-from" });
  return places;
}
