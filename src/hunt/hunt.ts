import { phrase } from "../facts/phrase.ts";
import type { Symptom } from "../think/symptom/symptom.ts";
import { isTargetError, resolveTarget, type Target } from "../think/symptom/target.ts";
import { lowerRungs, upperRungs } from "./climb.ts";
import type { HuntEvent } from "./conclusion.ts";
import { type Field, Notebook } from "./field.ts";
import type { Rung } from "./findings.ts";
import { HuntError } from "./hunt-error.ts";
import { judge } from "./judge.ts";
import { isFromError, labelOf, namedPlace, type Place, usualPlaces } from "./place.ts";
import { recordedPlaces } from "./recorded-investigation.ts";
import { nodesInDoubt, silentNodes } from "./silence.ts";
import { trySymptom } from "./tries.ts";
import { weigh } from "./weigh.ts";

export interface HuntRequest {
  readonly symptom: Symptom;
  /** `here`, `node/N`, `pod/P`; null: as the symptom's users would. */
  readonly from: string | null;
  readonly namespace: string;
}

const MOST_PLACES = 8;

/** From the symptom down: tries it, follows it, and ends in a conclusion. @throws HuntError when it cannot begin. */
export async function* hunt(field: Field, request: HuntRequest, startedAt: number): AsyncGenerator<HuntEvent> {
  const { cluster, world, reader, now } = field;
  const { symptom } = request;
  const notebook = new Notebook();
  const target = resolveTarget(symptom, cluster, world);
  if (isTargetError(target)) throw new HuntError(target);
  const places = await choosePlaces(field, request, target, notebook);
  const from = labelOf(places);
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

  const openMs = now() - startedAt;
  const tries = yield* trySymptom(
    field,
    { symptom, target, places, from: request.from, namespace: request.namespace },
    notebook,
  );
  const ladder: Rung[] = [];
  for (const rung of upperRungs(tries, notebook)) {
    ladder.push(rung);
    yield { kind: "rung", rung };
  }

  const inDoubt = nodesInDoubt(field, tries);
  if (inDoubt.length > 0)
    yield { kind: "progress", doing: "knock", detail: inDoubt.map(({ name }) => name).join(", ") };
  const silent = await silentNodes(field, inDoubt);
  yield { kind: "progress", doing: "search", detail: "" };
  const weighed = await weigh(field, tries, silent, notebook);
  for (const rung of lowerRungs(field, tries, weighed, notebook)) {
    ladder.push(rung);
    yield { kind: "rung", rung };
  }

  const judgement = judge(field, tries, weighed, notebook);
  notebook.happened(now(), null, "concluded", { outcome: judgement.outcome });
  const timings = { openMs, ...tries.timings, ...weighed.timings, totalMs: now() - startedAt };
  yield { kind: "concluded", conclusion: { ...judgement, ladder, timeline: notebook.events, timings } };
}

async function choosePlaces(
  field: Field,
  request: HuntRequest,
  target: Target,
  notebook: Notebook,
): Promise<readonly Place[]> {
  const { world, cluster } = field;
  if (request.from !== null) {
    const place = namedPlace(request.from, request.namespace, world, cluster);
    if (isFromError(place)) throw new HuntError(place);
    return [place];
  }
  const { places: usual, denied } = usualPlaces(request.symptom, target, world, cluster, MOST_PLACES);
  if (denied.length > 0)
    notebook.miss([{ what: phrase("places-left-out", { nodes: denied }), why: phrase("none-permitted") }]);
  const places = field.reader.offline ? await recordedPlaces(field, target, usual, MOST_PLACES) : usual;
  if (places.length === 0) throw new HuntError({ error: "no-place-to-send-from" });
  return places;
}
