import type { Endpoint } from "../facts/cluster.ts";
import { sameIp } from "../facts/ip.ts";
import { phrase } from "../facts/phrase.ts";
import { endpointsBehind, type Target } from "../think/symptom/target.ts";
import type { Examined, Trial } from "./examination.ts";
import { evidenceAt, type Field, type Notebook } from "./field.ts";
import type { Investigation } from "./investigation.ts";
import { oneTry } from "./one-try.ts";
import { type Place, placeOf } from "./place.ts";
import { recordedUntil, recordingOf } from "./recorded.ts";
import type { RecordedFlow, Sender } from "./recorded-flows.ts";
import { isSameSender, roleOf } from "./recorded-roles.ts";
import { examineRecorded } from "./recorded-tries.ts";
import type { StaleFlow } from "./stale-flows.ts";

/** So many different flows are looked at beside the symptom's own; what failed comes first. */
const MOST_BESIDE = 24;

export interface RecordedQuestion {
  readonly target: Target;
  readonly places: readonly Place[];
  readonly endpoints: readonly Endpoint[];
  readonly prefix: string;
  /** Flows of before that are led astray: they are none of the others' tries. */
  readonly stale: readonly StaleFlow[];
}

/** A target in a recording: walked from these places, with the flows that were under way then in the place of probes. */
export async function investigateRecorded(
  field: Field,
  { target, places, endpoints, prefix, stale }: RecordedQuestion,
  notebook: Notebook,
): Promise<Investigation> {
  const { world, cluster } = field;
  const recording = await recordingOf(field);
  const { frames, reports, moved, files, flows } = recording;
  const of = { symptom: [] as RecordedFlow[], direct: [] as RecordedFlow[], home: [] as RecordedFlow[] };
  for (const flow of flows) {
    const role = roleOf(flow, target, endpoints, cluster);
    if (role !== null && !stale.some(({ trial }) => isOf(trial, flow))) of[role].push(flow);
  }
  const { ip: dst, port, protocol } = target;
  const symptom = places.map((place, i) => {
    const from: Sender = "stranger" in place ? (place as Sender) : { ...place, stranger: null };
    const mine = of.symptom.filter((flow) => isSameSender(flow.sender, from));
    const isPage = target.url !== null;
    return examineRecorded(world, recording, { id: `${prefix}s${i + 1}`, from, dst, port, protocol, isPage }, mine);
  });
  const adopted = stale.flatMap(({ trial: { probe, flow }, wasSending }): Examined[] => {
    const place = placeOf(world, flow.from);
    if (place === null) return [];
    const want = { id: probe.id, from: { ...place, stranger: null }, dst: flow.dst, port, protocol, sport: flow.sport };
    const mine = flows.filter((one) => isOf({ flow }, one));
    // Where nothing of it was captured the entry alone tells whether anybody sends by it.
    return mine.length > 0 || wasSending ? [examineRecorded(world, recording, want, mine)] : [];
  });
  const beside = (role: "direct" | "home", letter: string) =>
    alike(of[role], MOST_BESIDE).map((group, i) => {
      const [first] = group;
      const want = {
        id: `${prefix}${letter}${i + 1}`,
        from: first.sender,
        dst: first.dst,
        port: first.dport,
        protocol: first.protocol,
      };
      return examineRecorded(world, recording, want, group);
    });
  if (recording.orphans > 0) {
    const why = phrase("senders-not-collected");
    notebook.miss([{ what: phrase("recorded-flows", { count: recording.orphans }), why }]);
  }
  notebook.miss(
    reports
      .filter((r) => !r.trustworthy)
      .map((r) => ({ what: phrase("absence-in", { netns: r.netns }), why: r.why ?? phrase("tap-proved-nothing") })),
  );
  const endedAt = recordedUntil(recording) ?? Date.parse(evidenceAt(field));
  const direct = beside("direct", "d");
  const home = beside("home", "h");
  for (const { trial, tried, result } of [...direct, ...home]) {
    notebook.add({
      voice: "witness",
      node: trial.probe.from.node,
      source: phrase("recorded-tries", {
        protocol: tried.flow.protocol,
        netns: trial.probe.from.netns,
        to: tried.flow.dst.text,
      }),
      excerpt: phrase("lines", { lines: result.answers.map((a) => oneTry({ ...a, ms: null })) }),
      at: new Date(endedAt).toISOString(),
    });
  }
  const examined = [...symptom, ...adopted, ...direct, ...home];
  return {
    target,
    places,
    endpoints,
    symptom,
    adopted,
    direct,
    home,
    examination: { examined, frames, reports, moved, reasons: [], endedAt, kept: files },
  };
}

/** A datagram of that very flow, which was under way before. */
function isOf({ flow }: Pick<Trial, "flow">, { sender, dst, dport, sport, protocol }: RecordedFlow): boolean {
  const isSame = protocol === flow.protocol && sport === flow.sport && dport === flow.dport && sameIp(dst, flow.dst);
  return isSame && sender.stranger === null && sender.netns === flow.from;
}

/**
 * Places that recorded tries of this target came from, those that failed first. What is used from inside is walked from the
 * usual places as well; what is used from outside only where nobody tried it.
 */
export async function recordedPlaces(
  field: Field,
  target: Target,
  usual: readonly Place[],
  most: number,
): Promise<readonly Place[]> {
  const { flows } = await recordingOf(field);
  const { service } = target;
  const endpoints = endpointsBehind(field.cluster, target);
  const tries = flows.filter((flow) => roleOf(flow, target, endpoints, field.cluster) === "symptom");
  const senders: Sender[] = [];
  for (const { sender } of failedFirst(tries)) {
    if (senders.length < most && !senders.some((known) => isSameSender(known, sender))) senders.push(sender);
  }
  const isInternal = service?.through === "cluster-ip" || target.pod !== null;
  if (senders.length > 0 && !isInternal) return senders;
  const others = usual.filter((place) => !senders.some((s) => s.netns === place.netns && s.stranger === null));
  return [...senders, ...others].slice(0, Math.max(most, senders.length));
}

type Group = readonly [RecordedFlow, ...RecordedFlow[]];

/** Flows of one sender to one destination. */
function alike(flows: readonly RecordedFlow[], most: number): readonly Group[] {
  const groups: [RecordedFlow, ...RecordedFlow[]][] = [];
  for (const flow of failedFirst(flows)) {
    const group = groups.find(
      ([first]) =>
        first.protocol === flow.protocol &&
        first.dport === flow.dport &&
        sameIp(first.dst, flow.dst) &&
        isSameSender(first.sender, flow.sender),
    );
    if (group !== undefined) group.push(flow);
    else if (groups.length < most) groups.push([flow]);
  }
  return groups;
}

function failedFirst(flows: readonly RecordedFlow[]): readonly RecordedFlow[] {
  return [...flows].sort((a, b) => Number(a.outcome === "answered") - Number(b.outcome === "answered"));
}
