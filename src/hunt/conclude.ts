import { podKey } from "../facts/cluster.ts";
import { type Phrase, phrase } from "../facts/phrase.ts";
import { netnsNameOf, nodeOf } from "../facts/provenance.ts";
import type { NamedCause } from "../think/explain/explain.ts";
import type { Point } from "../think/explain/points.ts";
import type { Suspect } from "../think/explain/suspect.ts";
import type { Branch } from "../think/walk/branch.ts";
import type { Confidence, Hop, LastHop } from "../verdict/verdict.ts";
import type { Conclusion, FoundCause, Voices } from "./conclusion.ts";
import type { Field } from "./field.ts";
import type { Reckoning } from "./reckon.ts";
import { nextAfter } from "./rungs/capture.ts";

/** The suspect that the verdict is about: of the surest cause's, the one that was tried most and seen best. */
export function mainSuspect(causes: readonly NamedCause[], suspects: readonly Suspect[]): Suspect | null {
  const pool = causes[0]?.suspects ?? suspects;
  // An echo tells of a network, not of a service: where both failed alike the other speaks.
  const score = (s: Suspect): number =>
    (s.failed > 0 ? 1000 : 0) +
    (s.witness === "agree" ? 500 : 0) +
    (s.tried.flow.protocol === "icmp" ? 0 : 250) +
    Math.min(20, s.lastSeen) * 10 +
    Math.min(20, s.failed);
  return [...pool].sort((a, b) => score(b) - score(a))[0] ?? null;
}

export function toFoundCause(cause: NamedCause): FoundCause {
  const { id, node, netns, object, found, wanted, params } = cause;
  return { id, node, netns, object, found, wanted, culprit: null, params };
}

/**
 * Of the surest cause first. Where that is confirmed it is proven, though others wait behind it: the loss moves on to them. Of the
 * others only what is confirmed by itself is: what is likely waits for the first one's repair.
 */
export function repairsOf(causes: readonly NamedCause[], confidence: Confidence): Conclusion["repairs"] {
  const [first] = causes;
  return causes.flatMap((cause) => {
    const proven =
      cause === first ? cause.proven || confidence === "confirmed" : cause.proven && cause.confidence === "confirmed";
    const api = cause.api == null ? [] : [{ api: cause.api, proven }];
    return [...cause.edits.map((edit) => ({ edit, proven })), ...api];
  });
}

/** @param isRecording nothing was tapped because nothing can be: then the last hop is where the walk has it */
export function lastHopOf(
  suspect: Suspect,
  healed: Branch | null,
  reason: string | null,
  isRecording: boolean,
): LastHop {
  const { lastHop, predicted } = suspect;
  const disposition = predicted !== null && suspect.witness !== "dissent" ? predicted.at.end : "UNKNOWN";
  const next = nextAfter(suspect, healed);
  if (lastHop === null || (suspect.witness === "unwitnessed" && !isRecording)) {
    // Where no tap heard anything there is no last sighting: only the walk says where it ends.
    const from = (suspect.witness === "unwitnessed" ? predicted?.at.netns : null) ?? suspect.tried.flow.from;
    return {
      node: nodeOf(from),
      netns: netnsNameOf(from),
      interface: null,
      direction: null,
      leg: suspect.witness === "unwitnessed" ? (predicted?.leg ?? "request") : "request",
      header: null,
      expectedNext: null,
      disposition,
      reason,
    };
  }
  return {
    node: nodeOf(lastHop.netns),
    netns: netnsNameOf(lastHop.netns),
    interface: lastHop.link,
    direction: lastHop.direction,
    leg: lastHop.leg,
    header: lastHop.header,
    expectedNext: next?.link ?? null,
    disposition,
    reason,
  };
}

/** The path as predicted and as seen; what was seen where nobody expected it stands at the end. */
export function hopList(hops: Suspect["hops"], offPath: Suspect["offPath"]): readonly Hop[] {
  return [
    ...hops.flatMap(({ point, seen }) => hop(point, true, seen === null ? null : seen > 0)),
    ...offPath.flatMap((point) => hop(point, false, true)),
  ];
}

function hop(point: Point, predicted: boolean, witnessed: boolean | null): readonly Hop[] {
  const { netns, link, direction, leg, header } = point;
  if (direction === null) return [];
  return [
    { node: nodeOf(netns), netns: netnsNameOf(netns), interface: link, direction, leg, header, predicted, witnessed },
  ];
}

export function voicesOf(suspect: Suspect | null, cause: NamedCause | null, reckoning: Reckoning): Voices {
  if (suspect === null) return { predict: null, ask: null, witness: null, whatIf: null, dissent: [] };
  const { predicted, lastHop } = suspect;
  const agreements = reckoning.agreements.get(suspect) ?? [];
  const telling =
    agreements.find((a) => a.agrees === false) ??
    agreements.findLast((a) => a.step.netns === predicted?.at.netns) ??
    null;
  const at = predicted?.at ?? null;
  const edit = cause?.edits[0];
  const dissent: Phrase[] = agreements
    .filter((a) => a.agrees === false)
    .map(({ step, question, predicted, said }) =>
      phrase("kernel-dissents", { node: nodeOf(step.netns), question, predicted, said }),
    );
  if (at !== null) {
    const resting = reckoning.resting(suspect);
    dissent.push(
      ...resting.map((counter) => phrase("counter-dissents", { disposition: at.end, node: nodeOf(at.netns), counter })),
    );
  }
  if (suspect.witness === "dissent" && predicted !== null) {
    dissent.push(
      phrase("packets-dissent", {
        disposition: predicted.at.end,
        place: `${nodeOf(predicted.at.netns)} ${predicted.at.link ?? ""}`.trim(),
      }),
    );
  }
  return {
    predict:
      at === null || suspect.witness === "dissent"
        ? null
        : { disposition: at.end, node: nodeOf(at.netns), detail: at.unknown?.why ?? at.steps.at(-1)?.detail ?? "" },
    ask:
      telling === null
        ? null
        : { question: telling.question, answer: telling.answer, agrees: telling.agrees, plainAlsoFine: false },
    witness:
      suspect.witness === "unwitnessed"
        ? null
        : {
            seen: suspect.lastSeen,
            of: suspect.failed,
            node: lastHop === null ? nodeOf(suspect.tried.flow.from) : nodeOf(lastHop.netns),
            at: lastHop === null ? null : `${lastHop.link} ${lastHop.direction ?? ""}`.trim(),
          },
    whatIf:
      edit === undefined || cause === null
        ? null
        : { object: cause.object, wanted: cause.wanted, delivers: cause.proven },
    dissent,
  };
}

/** Pods on the node that is at fault, or behind the object; Services that send packets there. */
export function affectedBy(field: Field, cause: FoundCause | null): Conclusion["affected"] {
  const none = { pods: [], services: [], node: null };
  if (cause === null) return none;
  // Who is behind a Service that is not reached is well; who asks for it is hit.
  const { service } = cause.params;
  if (service !== undefined) return { pods: [], services: [service], node: cause.node };
  if (cause.node === null) return none;
  // A pod's own link, at the node's end of it, is that pod's affair alone.
  const netns =
    cause.params.pod !== undefined && cause.netns === "host" ? `pod:${cause.params.pod}` : (cause.netns ?? "host");
  const pods = field.cluster.pods.filter(
    (p) =>
      p.node === cause.node &&
      !p.hostNetwork &&
      p.phase === "Running" &&
      (netns === "host" || `pod:${podKey(p)}` === netns),
  );
  const names = new Set(pods.map(podKey));
  const services = new Set(
    field.cluster.endpoints
      .filter((e) => e.pod !== null && names.has(podKey(e.pod)))
      .map((e) => `${e.namespace}/${e.service}`),
  );
  return { pods: [...names], services: [...services], node: cause.node };
}

/** What was confirmed is confirmed no more when the deciding facts have changed meanwhile. */
export function weaken(confidence: Confidence): Confidence {
  return confidence === "confirmed" ? "likely" : confidence;
}
