import type { Endpoint } from "../facts/cluster.ts";
import { phrase } from "../facts/phrase.ts";
import type { NetnsId } from "../facts/provenance.ts";
import type { Target } from "../think/symptom/target.ts";
import { examine } from "./examine.ts";
import type { Field, Notebook } from "./field.ts";
import type { Investigation } from "./investigation.ts";
import { hostPlace, podPlace, type Place } from "./place.ts";
import { investigateRecorded } from "./recorded-investigation.ts";
import { directTrials, homeTrials, symptomTrials } from "./trials.ts";

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
  /** Runs beside the tries, and is waited for. */
  readonly during: (() => Promise<void>) | null;
}

/** Tries a target as the symptom does it, each of its endpoints directly, and each at home. */
export async function investigate(field: Field, question: Question, notebook: Notebook): Promise<Investigation> {
  const { world } = field;
  const { target, places, prefix } = question;
  const ready = question.endpoints.filter((e) => e.ready);
  if (field.reader.offline) return investigateRecorded(field, target, places, ready, prefix, notebook);
  const endpoints = ready.slice(0, MOST_ENDPOINTS);
  if (endpoints.length < ready.length) {
    notebook.miss([
      {
        what: phrase("endpoints-directly", { count: ready.length - endpoints.length, of: ready.length }),
        why: phrase("most-endpoints", { most: MOST_ENDPOINTS }),
      },
    ]);
  }
  // A NodePort is masqueraded to its node's address: what the endpoint sees comes from there.
  const entry =
    target.service?.through === "node-port" && target.entry !== null ? hostPlace(world, target.entry.name) : null;
  const askers = entry !== null ? [entry] : places;
  const symptom = symptomTrials(world, target, places, prefix);
  const direct = directTrials(world, endpoints, askers, prefix).slice(0, MOST_DIRECT);
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
  const adopt = question.adopts ? symptomTrials(world, { ...target, url: null }, places, `${prefix}a`) : [];
  const examination = await examine(field, { send, adopt, also, during: question.during }, notebook);
  const { examined } = examination;
  return {
    target,
    places,
    endpoints,
    symptom: examined.slice(0, symptom.length),
    adopted: examined.slice(send.length),
    direct: examined.slice(symptom.length, symptom.length + direct.length),
    home: examined.slice(symptom.length + direct.length, send.length),
    examination,
  };
}
