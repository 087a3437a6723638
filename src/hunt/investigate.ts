import type { Endpoint } from "../facts/cluster.ts";
import { sameIp } from "../facts/ip.ts";
import { phrase } from "../facts/phrase.ts";
import type { NetnsId } from "../facts/provenance.ts";
import { usableEndpoints } from "../think/intent/usable.ts";
import type { Target } from "../think/symptom/target.ts";
import { arrives, isUnknown } from "../think/walk/branch.ts";
import { walk } from "../think/walk/walk.ts";
import { withNeighboursOfNow } from "./again.ts";
import { askersOf } from "./askers.ts";
import type { Examined, Trial } from "./examination.ts";
import { examine, type Trials } from "./examine.ts";
import type { Field, Notebook } from "./field.ts";
import type { Investigation } from "./investigation.ts";
import { joined, triesToMeetMissed } from "./missed.ts";
import { hostPlace, podPlace, type Place } from "./place.ts";
import { investigateRecorded } from "./recorded-investigation.ts";
import { staleFlows } from "./stale-flows.ts";
import { directTrials, furtherTrial, homeTrials, mostTellingFirst, symptomTrials } from "./trials.ts";

/** More endpoints than this are sampled, and that is said. */
const MOST_ENDPOINTS = 12;
const MOST_DIRECT = 24;

export interface Question {
  readonly target: Target;
  readonly places: readonly Place[];
  readonly endpoints: readonly Endpoint[];
  /** Of the ids of its probes, which are unique in a hunt. */
  readonly prefix: string;
  /** The places send by themselves what fails: their own flows are listened to as well. */
  readonly adopts: boolean;
  /** The places were named: what is sent from elsewhere is none of the symptom's. */
  readonly isFromPlacesOnly: boolean;
  readonly during: Trials["during"];
}

/** Tries a target as the symptom does it, each of its endpoints directly, and each at home. */
export async function investigate(field: Field, question: Question, notebook: Notebook): Promise<Investigation> {
  const { world } = field;
  const { target, places, prefix } = question;
  const usable = usableEndpoints(question.endpoints);
  const stale = staleFlows(field, target, question.isFromPlacesOnly ? places : null, prefix);
  if (field.reader.offline)
    return investigateRecorded(field, { target, places, endpoints: usable, prefix, stale }, notebook);
  const symptom = symptomTrials(world, target, places, prefix);
  const endpoints = doubtfulFirst(usable, symptom).slice(0, MOST_ENDPOINTS);
  if (endpoints.length < usable.length) {
    notebook.miss([
      {
        what: phrase("endpoints-directly", { count: usable.length - endpoints.length, of: usable.length }),
        why: phrase("most-endpoints", { most: MOST_ENDPOINTS }),
      },
    ]);
  }
  const askers = askersOf(
    field,
    target,
    places,
    symptom.map((trial) => trial.walk),
  );
  const everyDirect = directTrials(world, endpoints, askers, prefix);
  const direct = mostTellingFirst(everyDirect, endpoints).slice(0, MOST_DIRECT);
  if (direct.length < everyDirect.length) {
    notebook.miss([
      {
        what: phrase("ways-directly", { count: everyDirect.length - direct.length, of: everyDirect.length }),
        why: phrase("most-ways", { most: MOST_DIRECT }),
      },
    ]);
  }
  const home = homeTrials(world, endpoints, (node) => hostPlace(world, node), prefix);
  const also = endpoints.flatMap((e): NetnsId[] => {
    const pod =
      e.pod === null
        ? undefined
        : field.cluster.pods.find((p) => p.namespace === e.pod?.namespace && p.name === e.pod.name);
    const place = pod === undefined ? null : podPlace(world, pod);
    return place === null ? [] : [place.netns];
  });
  const send = [...symptom, ...direct, ...home];
  const met = question.adopts ? symptomTrials(world, { ...target, url: null }, places, `${prefix}a`) : [];
  const adopt = [...met, ...stale.map(({ trial }) => trial)];
  const examination = await examine(field, { send, adopt, also, during: question.during }, notebook);
  const { examined } = examination;
  const first = examined.slice(0, symptom.length);
  const further = furtherTrials(first);
  const second =
    further.length === 0 ? null : await examine(field, { send: further, adopt: [], also, during: null }, notebook);
  return {
    target,
    places,
    endpoints,
    symptom: await knownByNow(field, [...first, ...(second?.examined ?? [])]),
    // An entry that nobody sends by any more only waits for its timeout.
    adopted: examined.slice(send.length).filter((e) => met.includes(e.trial) || e.tried.tries.length > 0),
    direct: examined.slice(symptom.length, symptom.length + direct.length),
    home: examined.slice(symptom.length + direct.length, send.length),
    examination: second === null ? examination : joined(examination, second),
  };
}

/** Where any try has failed, there is something to explain already. */
function furtherTrials(symptom: readonly Examined[]): readonly Trial[] {
  if (symptom.some(({ tried }) => tried.tries.some((t) => !t.answered))) return [];
  return symptom.flatMap(({ tried, trial }) => {
    const attempts = triesToMeetMissed(tried);
    return attempts === 0 ? [] : [furtherTrial(trial, attempts)];
  });
}

/**
 * What was answered each time, and walked to a next hop that no kernel had asked for before: now it has, and its entry tells who
 * that is. A load balancer's speaker answers for an address that no link has.
 */
async function knownByNow(field: Field, symptom: readonly Examined[]): Promise<readonly Examined[]> {
  const open = symptom.filter(
    ({ tried: { tries, walk } }) =>
      tries.length > 0 && tries.every((t) => t.answered) && walk.branches.some((b) => arrives(b) === null),
  );
  const legs = open.flatMap(({ tried }) => tried.walk.branches.flatMap((b) => [b, ...b.reply]));
  const ends = legs.filter(isUnknown).map((leg) => leg.netns);
  const world = await withNeighboursOfNow(field, ends);
  if (world === null) return symptom;
  return symptom.map((one) => {
    if (!open.includes(one)) return one;
    const walked = walk(world, one.tried.flow);
    const isKnown = walked.branches.every((b) => arrives(b) === true);
    return isKnown ? { ...one, tried: { ...one.tried, walk: walked } } : one;
  });
}

/** Those that the symptom is not known to reach are none to be left out. */
function doubtfulFirst(endpoints: readonly Endpoint[], symptom: readonly Trial[]): readonly Endpoint[] {
  const lost = symptom.flatMap(({ walk }) => walk.branches.filter((b) => arrives(b) !== true));
  const isDoubtful = ({ ip }: Endpoint): boolean => lost.some((b) => sameIp(b.destination.ip, ip));
  return [...endpoints].sort((a, b) => Number(isDoubtful(b)) - Number(isDoubtful(a)));
}
