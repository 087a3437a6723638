import { phrase } from "../facts/phrase.ts";
import { nodeOf } from "../facts/provenance.ts";
import type { NotChecked } from "../facts/world.ts";
import { isUndeclared } from "../think/explain/meant-denial.ts";
import type { Suspect } from "../think/explain/suspect.ts";
import { meantFor } from "../think/intent/policy/meant.ts";
import { isWaitedForAlone } from "../think/symptom/upstream.ts";
import { arrives, type Branch, endText, type Flow } from "../think/walk/branch.ts";
import type { Confidence, Outcome } from "../verdict/verdict.ts";
import { stillSo } from "./again.ts";
import { isServersFault } from "./behind.ts";
import { affectedBy, hopList, lastHopOf, repairsOf, toFoundCause, voicesOf, weaken } from "./conclude.ts";
import type { Conclusion } from "./conclusion.ts";
import type { Trial } from "./examination.ts";
import type { Field, Notebook } from "./field.ts";
import { branchRows, fateOf, notDoomed, wasAsked, wholePath } from "./outcome.ts";
import { labelOf } from "./place.ts";
import { reasonOf } from "./rungs/probes.ts";
import type { Tries } from "./tries.ts";
import type { Weighed } from "./weigh.ts";

/** The verdict on what was tried and weighed. Nothing is confirmed whose deciding facts are not the same when read again. */
export function judge(
  field: Field,
  tries: Tries,
  weighed: Weighed,
  notebook: Notebook,
): Omit<Conclusion, "ladder" | "timeline" | "timings"> {
  const { symptom, places, faced, behind, focus } = tries;
  const { causes, fault, main, healed, moved, reasons, reckoning, symptomFailed } = weighed;
  const confidence = confidenceOf(field, tries, weighed, notebook);
  noteUnknownWalk(tries, weighed, notebook);
  noteUnreadPolicies(field, main, notebook);
  const isExplained = fault !== null || (confidence !== null && confidence !== "suspected");
  const isEcho = faced.target.protocol === "icmp";
  // Many machines answer no echo and are well: alone their silence is no failure.
  const outcome = symptomFailed && isEcho && !isExplained ? "unknown" : outcomeOf(tries, symptomFailed);
  const isBroken = outcome === "broken";
  const isObjects = fault !== null && isBroken;
  const first = causes[0] ?? null;
  const fate = isObjects ? fateOf(field, focus, fault.leadsTo) : null;
  // What waits behind an object that is wrong by itself makes it no less the first on the way.
  const isProven = fate === "delivered" || (fate === "lost" && fault?.repair != null);
  const isSureOfObjects = !isObjects || areObjectsSo(weighed.objectsAgain, notebook);
  // A recording tells of what was tried only where it holds packets of it.
  const isWitnessed = tries.recording === null ? main?.witness !== "dissent" : main?.witness === "agree";
  const objectsConfidence =
    isProven && isSureOfObjects && isTheSymptoms(field, tries) && isWitnessed ? "confirmed" : "likely";
  const sure = isObjects ? objectsConfidence : (confidence ?? "suspected");
  const named = isObjects ? fault.cause : first === null ? null : toFoundCause(first);
  const cause = isBroken && sure !== "suspected" ? named : null;
  const said = isBroken ? causes.filter((c) => c.confidence !== "suspected") : [];
  return {
    symptom: {
      input: symptom.input,
      kind: symptom.kind,
      namespace: tries.namespace,
      from: labelOf(places),
      place: tries.from,
    },
    outcome,
    confidence: isBroken ? sure : null,
    cause,
    otherCauses: said
      .filter((c) => isObjects || c !== first)
      .map((c) => ({ ...toFoundCause(c), confidence: c.confidence })),
    lastHop:
      isBroken && main !== null ? lastHopOf(main, healed, reasonOf(main, moved, reasons), field.reader.offline) : null,
    branches: branchRows(faced, behind),
    path: main !== null && isBroken ? hopList(main.hops, main.offPath) : wholePath(faced),
    evidence: notebook.evidence,
    affected: affectedBy(field, cause),
    repairs: isObjects
      ? fault.repair === null
        ? []
        : [{ api: fault.repair, proven: isProven }]
      : repairsOf(said, sure),
    recurrence: [],
    notChecked:
      outcome === "healthy" || (isEcho && outcome === "unknown")
        ? [...unheard(tries), ...notebook.notChecked]
        : notebook.notChecked,
    voices: voicesOf(main, isObjects ? null : first, reckoning),
    offline: field.reader.offline,
  };
}

/** How sure the first cause is; null where there is none, or an object is at fault. */
function confidenceOf(
  field: Field,
  tries: Tries,
  { causes, fault, main, fresh, objectsAgain }: Weighed,
  notebook: Notebook,
): Confidence | null {
  const [first] = causes;
  if (first === undefined || fault !== null) return null;
  let { confidence } = first;
  // A recording cannot be read again: its facts and its captures are one state.
  if (
    confidence === "confirmed" &&
    main !== null &&
    tries.recording === null &&
    !(fresh !== null && stillSo(main, fresh, first.restsOnObjects === true))
  ) {
    confidence = weaken(confidence);
    const why = phrase(fresh === null ? "not-read-again" : "no-longer-so");
    notebook.miss([{ what: phrase("again-after-probes", { object: first.object }), why }]);
  }
  if (confidence === "confirmed" && !areObjectsSo(objectsAgain, notebook)) confidence = weaken(confidence);
  // That the symptom hangs on what a gateway waited for is then our guess.
  return isTheSymptoms(field, tries) ? confidence : weaken(confidence);
}

/** What rests on the API's objects is confirmed only where they are the same when read again. */
function areObjectsSo(objectsAgain: Weighed["objectsAgain"], notebook: Notebook): boolean {
  if (objectsAgain === null || objectsAgain.isSo === true) return true;
  const why = phrase(objectsAgain.isSo === null ? "not-read-again" : "no-longer-so");
  notebook.miss([{ what: phrase("again-after-probes", { object: objectsAgain.object }), why }]);
  return false;
}

/** What is explained is the symptom's own flow, or the only one that its gateway can have waited for. */
function isTheSymptoms({ cluster }: Field, { recording, faced, behind, gateway, failing }: Tries): boolean {
  if (behind === null) return true;
  if (recording !== null && failing.length === 0)
    return faced.symptom.some((e) => e.tried.tries.some((t) => !t.answered));
  const statuses = failing.flatMap(({ result, tried }) =>
    result.answers.flatMap((answer, i) => (isServersFault(answer, tried.tries[i]) ? [answer.httpStatus] : [])),
  );
  return isWaitedForAlone(gateway?.upstreams ?? [], statuses, cluster);
}

function outcomeOf({ faced, recording }: Tries, symptomFailed: boolean): Outcome {
  if (symptomFailed) return "broken";
  const isWhole = faced.symptom.every(
    ({ tried: { walk } }) => walk.branches.length > 0 && walk.branches.every((b) => arrives(b) === true),
  );
  return isWhole && notDoomed(faced) && (recording !== null || wasAsked(faced)) ? "healthy" : "unknown";
}

/**
 * What of the symptom itself was delivered and not heard. A connection that stands is not yet an answer, and a page is asked for
 * only where a URL says which; a recording may hold no packet of it.
 */
function unheard({ faced, recording }: Tries): readonly NotChecked[] {
  const addressed = ({ flow }: Trial) => endText(flow.protocol, flow.dst, flow.dport);
  const names = new Set(faced.symptom.map(({ trial }) => addressed(trial)));
  return [...names].flatMap((to) => {
    const those = faced.symptom.filter(({ trial }) => addressed(trial) === to);
    if (recording !== null) {
      const isHeard = those.some(({ tried }) => tried.tries.length > 0);
      return isHeard ? [] : [{ what: phrase("answers-of", { to }), why: phrase("never-recorded") }];
    }
    if (those.some(({ trial }) => trial.probe.kind === "tcp"))
      return [{ what: phrase("said-on-connections", { to }), why: phrase("only-opened") }];
    if (those.every(({ trial }) => trial.probe.kind === "icmp"))
      return [{ what: phrase("answers-of", { to }), why: phrase("only-pinged") }];
    const isMute = those.every(({ result }) => result.answers.every((answer) => answer.outcome === "delivered"));
    return isMute ? [{ what: phrase("answers-of", { to }), why: phrase("only-delivered") }] : [];
  });
}

/** What nobody could look into: on the symptom's own way, behind its gateway, and where the main suspect is lost. */
function noteUnknownWalk({ faced, behind }: Tries, { own, main }: Weighed, notebook: Notebook): void {
  const symptoms = [...(behind?.symptom ?? []), ...faced.symptom];
  // As they were weighed: by then it may be known whom a kernel found at last.
  const walked = symptoms.map((e) => own.find(({ id }) => id === e.tried.id) ?? e.tried);
  const branch = walked.flatMap(({ walk }) => walk.branches).find((b) => arrives(b) === null);
  for (const one of [branch, main?.branch]) {
    const at = one?.unknown ?? one?.reply.find((r) => r.unknown !== null)?.unknown;
    if (one !== undefined && at != null)
      notebook.miss([{ what: phrase("walk-to", { address: one.destination.ip.text }), why: at.why }]);
  }
}

/** What an engine enforces besides NetworkPolicies was not read: whether it means the denial is not known. */
function noteUnreadPolicies({ cluster, world }: Field, main: Suspect | null, notebook: Notebook): void {
  if (main === null || main.predicted === null) return;
  const { predicted, tried } = main;
  const permission = (flow: Flow, at: Branch) => meantFor(cluster, world, flow, at);
  if (!isUndeclared(predicted, tried.flow, { world, permission })) return;
  const what = phrase("policies-of-engine", { node: nodeOf(predicted.at.netns) });
  notebook.miss([{ what, why: phrase("only-network-policies") }]);
}
