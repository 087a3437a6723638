import { podKey } from "../facts/cluster.ts";
import { type Ip, sameIp } from "../facts/ip.ts";
import { type NetnsId, netnsId, nodeOf } from "../facts/provenance.ts";
import type { Agreement } from "../think/ask/agreement.ts";
import { type Correction, explain, type NamedCause } from "../think/explain/explain.ts";
import { restingCounters } from "../think/explain/kernel-signs.ts";
import type { SilentNode } from "../think/explain/silent.ts";
import { type Suspect, suspectsOf, type Tried } from "../think/explain/suspect.ts";
import { meantFor } from "../think/intent/policy/meant.ts";
import { wrongTargetPort } from "../think/intent/target-port.ts";
import { servedAt } from "../think/intent/served.ts";
import { type SearchResult, searchWith } from "../think/search/search.ts";
import type { Branch, Walk } from "../think/walk/branch.ts";
import { describeEdit } from "../think/walk/edits/edit-kinds.ts";
import { walk } from "../think/walk/walk.ts";
import { askKernels } from "./ask.ts";
import type { Field, Notebook } from "./field.ts";
import type { Moved } from "./rungs/probes.ts";
import { compareSizes, stretchOf } from "./sizes.ts";

/** So many different failures are asked about and searched for; more of them are mostly the same. */
const MOST_SUSPECTS = 24;
/** Of processor time: what is found may not hang on how busy the machine is. */
const SEARCH_BUDGET_MS = 1500;
/** A recording waits: that its answer is the same on every machine is worth more than a quick one. */
const OFFLINE_BUDGET_WALKS = 4000;
const MOST_WALKS = 500;

/** What the three voices make of all that was tried. */
export interface Reckoning {
  readonly suspects: readonly Suspect[];
  readonly causes: readonly NamedCause[];
  readonly agreements: ReadonlyMap<Suspect, readonly Agreement[]>;
  /** Counters that would have risen had its tries ended as foretold, and did not. */
  readonly resting: (suspect: Suspect) => readonly string[];
  /** The branch with the cheapest correction made; null where there is none. */
  readonly healed: (suspect: Suspect) => Branch | null;
  readonly searched: readonly SearchResult[];
  /** When the last kernel had answered. */
  readonly askedAt: number;
}

/**
 * `own` are the symptom's flows, `beside` the probes that help to see it: what stops only those is no cause of the symptom.
 */
export async function reckon(
  field: Field,
  own: readonly Tried[],
  beside: readonly Tried[],
  moved: Moved,
  silent: readonly SilentNode[],
  notebook: Notebook,
): Promise<Reckoning> {
  const { world, now, usedMs } = field;
  const suspects = [...own, ...beside].flatMap(suspectsOf).slice(0, MOST_SUSPECTS);
  const agreements = new Map<Suspect, readonly Agreement[]>();
  if (!field.reader.offline) {
    const asked = new Map<string, Promise<readonly Agreement[]>>();
    await Promise.all(
      suspects.map(async (suspect) => {
        const key = placeKey(suspect);
        const answer = asked.get(key) ?? askKernels(field, suspect.branch);
        asked.set(key, answer);
        agreements.set(suspect, await answer);
      }),
    );
  }
  const askedAt = now();
  const sizes = await compareSizes(field, suspects, notebook);
  const deadlineMs = usedMs() + SEARCH_BUDGET_MS;
  let walksLeft = field.reader.offline ? OFFLINE_BUDGET_WALKS : Number.POSITIVE_INFINITY;
  const results = new Map<string, SearchResult>();
  const searchFor = (suspect: Suspect): SearchResult => {
    const { tried, branch } = suspect;
    const focus = branch.destination;
    const entry = tried.flow.entersBy === undefined ? "" : `${tried.flow.entersBy.link} ${tried.flow.src?.text}`;
    const key = `${tried.flow.from} ${entry} ${tried.flow.protocol} ${tried.flow.dst.text} ${tried.flow.dport} ${focus.ip.text} ${focus.port}`;
    const known = results.get(key);
    if (known !== undefined) return known;
    // The clock of a recording rests.
    const maxWalks = Math.min(MOST_WALKS, walksLeft);
    const result = searchWith(walk, world, tried.flow, { focus, deadlineMs, nowMs: usedMs, maxWalks });
    walksLeft -= result.walks;
    results.set(key, result);
    return result;
  };
  const corrections = (suspect: Suspect): readonly Correction[] =>
    searchFor(suspect)
      .found.filter((s) => s.edits.length > 0)
      .map((s) => ({
        edits: s.edits,
        isCure: s.proposals.every((p) => p.kind === "cure"),
        healed: branchTo(suspect.branch.destination, s.walk),
      }));
  const resting = ({ predicted, failed }: Suspect): readonly string[] =>
    predicted === null || failed === 0 ? [] : restingCounters(predicted.at, moved.get(predicted.at.netns) ?? []);
  const ofSymptom = new Set(own);
  const named = explain(suspects, {
    world,
    corrections,
    isComplete: (suspect) => !searchFor(suspect).bounded,
    describe: (edit) => describeEdit(world, edit),
    servedAt: (ip, port, protocol) => servedAt(field.cluster, ip, port, protocol),
    isEndpoint: (ip, port) => field.cluster.endpoints.some((e) => sameIp(e.ip, ip) && e.port === port),
    permission: (flow, at) => meantFor(field.cluster, world, flow, at),
    wrongTargetPort: (ip, port, protocol) => wrongTargetPort(field.cluster, world, ip, port, protocol),
    kernelDissents: (suspect) => (agreements.get(suspect) ?? []).some((a) => a.agrees === false),
    silentAt: (address) => silentAt(address, field, silent),
    sizes: (suspect) => sizes.get(stretchOf(suspect) ?? "") ?? null,
    countersRest: (suspect) => resting(suspect).length > 0,
    ownerOf: (address) => ownerOf(address, field),
    holdersOf: (address) => holdersOf(address, field),
  });
  const asksByEcho = own.some((t) => t.flow.protocol === "icmp");
  const mine = named
    .filter((c) => c.suspects.some((s) => ofSymptom.has(s.tried)))
    .map((c) => (asksByEcho || !isSeenByEchoesOnly(c) ? c : { ...c, confidence: "likely" as const }));
  const isNamed = mine.some(({ confidence }) => confidence !== "suspected");
  const causes = isNamed ? mine : [...beyondTheUnknown(named, suspects, ofSymptom), ...mine];
  const healed = (suspect: Suspect): Branch | null => {
    const best = searchFor(suspect).found[0];
    return best === undefined ? null : branchTo(suspect.branch.destination, best.walk);
  };
  return { suspects, causes, agreements, resting, healed, searched: [...results.values()], askedAt };
}

/**
 * Where the symptom's own walk ends in what cannot be judged (IPVS, say), a probe from there to what is behind it goes the rest
 * of its way: what certainly stops that one is likely what stops the symptom.
 */
function beyondTheUnknown(
  named: readonly NamedCause[],
  suspects: readonly Suspect[],
  ofSymptom: ReadonlySet<Tried>,
): readonly NamedCause[] {
  const open = new Set(
    suspects.flatMap(({ tried, failed, predicted }) =>
      ofSymptom.has(tried) && failed > 0 && predicted?.at.end === "UNKNOWN" ? [predicted.at.netns] : [],
    ),
  );
  return named
    .filter((c) => c.confidence === "confirmed" && c.suspects.some((s) => open.has(s.tried.flow.from)))
    .map((c) => ({ ...c, confidence: "likely" as const }));
}

/** The pods that the API gives this address to: one, if all is well. */
function holdersOf(address: Ip, { cluster }: Field): readonly NetnsId[] {
  return cluster.pods.flatMap((pod) =>
    !pod.hostNetwork && pod.phase === "Running" && pod.node !== null && pod.ips.some((ip) => sameIp(ip, address))
      ? [netnsId(pod.node, `pod:${podKey(pod)}`)]
      : [],
  );
}

function ownerOf(address: Ip, field: Field): NetnsId | null {
  const [owner, ...others] = holdersOf(address, field);
  return owner === undefined || others.length > 0 ? null : owner;
}

/** The node itself, or that of the one pod that the API gives the address to. */
function silentAt(address: Ip, field: Field, silent: readonly SilentNode[]): SilentNode | null {
  const owner = ownerOf(address, field);
  const home = owner === null ? null : nodeOf(owner);
  return silent.find(({ node, ips }) => node === home || ips.some((ip) => sameIp(ip, address))) ?? null;
}

/** Echoes prove nothing about what is asked by other means. */
function isSeenByEchoesOnly({ confidence, suspects }: NamedCause): boolean {
  const witnesses = suspects.filter((s) => s.witness === "agree" && s.failed > 0);
  return confidence === "confirmed" && witnesses.every((s) => s.tried.flow.protocol === "icmp");
}

function branchTo({ ip, port }: Branch["destination"], { branches }: Walk): Branch | null {
  return branches.find((b) => sameIp(b.destination.ip, ip) && b.destination.port === port) ?? null;
}

function placeKey(suspect: Suspect): string {
  const { flow } = suspect.tried;
  return `${nodeOf(flow.from)} ${flow.from} ${flow.protocol} ${flow.dst.text} ${flow.dport} ${suspect.branch.destination.ip.text}`;
}
