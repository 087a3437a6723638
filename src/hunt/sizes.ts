import { linkNamed } from "../facts/lookup/links.ts";
import { nodeOf } from "../facts/provenance.ts";
import { linksOf, type World } from "../facts/world.ts";
import type { Sizes } from "../think/explain/fabric.ts";
import { expectedPoints, type Point } from "../think/explain/points.ts";
import type { Suspect } from "../think/explain/suspect.ts";
import { arrives } from "../think/walk/branch.ts";
import type { Examined, Trial } from "./examination.ts";
import { examine } from "./examine.ts";
import type { Field, Notebook } from "./field.ts";
import type { Sighting } from "../witness/sighting.ts";
import { hostPlace, placeOf } from "./place.ts";
import { type Recording, recordingOf } from "./recorded.ts";
import { BYTES, makeTrial } from "./trials.ts";

/** So many stretches between two namespaces are measured; mostly there is one. */
const MOST_STRETCHES = 2;
/** Lengths between the one that surely fits and the one that was lost. */
const STEPS = 8;
const ECHOES = 2;
/** In a recording nobody chose the lengths, and chance may part a few. */
const MET_OFTEN = 5;

/**
 * Where only the larger packets of a connection were lost between two machines: echoes of several lengths over the same
 * stretch, with "don't fragment". Which of them get through and which do not tells a small MTU from any other loss.
 */
export async function compareSizes(
  field: Field,
  suspects: readonly Suspect[],
  notebook: Notebook,
): Promise<ReadonlyMap<string, Sizes>> {
  if (field.reader.offline) return recordedSizes(await recordingOf(field), suspects);
  const stretches = new Map<string, readonly Trial[]>();
  for (const suspect of suspects) {
    const key = stretchOf(suspect);
    if (key === null || stretches.has(key) || stretches.size >= MOST_STRETCHES) continue;
    stretches.set(key, echoesOver(field, suspect, `z${stretches.size + 1}.`));
  }
  const send = [...stretches.values()].flat();
  if (send.length === 0) return new Map();
  const { examined } = await examine(field, { send, adopt: [], also: [], during: null }, notebook);
  return new Map(
    [...stretches].flatMap(([key, trials]) => {
      const sizes = sizesOf(examined.filter((e) => trials.includes(e.trial)));
      return sizes === null ? [] : [[key, sizes] as const];
    }),
  );
}

/** The same of all that was under way over a stretch while it was recorded, each packet as it left. */
function recordedSizes({ flows }: Recording, suspects: readonly Suspect[]): ReadonlyMap<string, Sizes> {
  const packets = flows.flatMap(({ sightings, said }) =>
    [sightings, said].flatMap((one) => (["request", "reply"] as const).map((leg) => one.filter((s) => s.leg === leg))),
  );
  const found = new Map<string, Sizes>();
  for (const suspect of suspects) {
    const { lastHop, next } = suspect;
    const key = stretchOf(suspect);
    if (key === null || lastHop === null || next === null || found.has(key)) continue;
    const lengths = { passed: [] as number[], lost: [] as number[] };
    for (const packet of packets) {
      const left = packet.find((s) => isAt(s, lastHop) && s.direction === "out");
      const header = left?.headers.findLast((h) => h.kind === "ip");
      if (header?.kind !== "ip") continue;
      const { length } = header;
      const came = packet.some((s) => isAt(s, next) && s.direction === "in");
      lengths[came ? "passed" : "lost"].push(length);
    }
    const passed = Math.max(0, ...lengths.passed);
    const lost = Math.min(...lengths.lost);
    const isOften = Math.min(lengths.passed.length, lengths.lost.length) >= MET_OFTEN;
    if (isOften && passed < lost) found.set(key, { passed, lost });
  }
  return found;
}

/** Whatever the packet is to its flow: what is a request here shares its way with others' replies. */
function isAt({ netns, link, header }: Sighting, at: Point): boolean {
  return netns === at.netns && link === at.link && header === at.header;
}

/** From where to where the larger packets did not come; null when they were not larger, or not lost between machines. */
export function stretchOf({ lastHop, next, failed, tried: { flow } }: Suspect): string | null {
  if (failed === 0 || lastHop === null || next === null || lastHop.direction !== "out") return null;
  if (nodeOf(lastHop.netns) === nodeOf(next.netns) || lostBytes(flow, lastHop) <= BYTES.icmp) return null;
  return `${lastHop.netns} ${lastHop.link} ${next.netns} ${next.link}`;
}

function lostBytes(flow: Suspect["tried"]["flow"], { leg }: Point): number {
  return leg === "request" ? flow.bytes : (flow.replyBytes ?? flow.bytes);
}

/** From the first place from which an echo arrives by that stretch: the sender's own, or either end of it. */
function echoesOver(
  field: Field,
  { lastHop, next, branch, tried: { flow } }: Suspect,
  prefix: string,
): readonly Trial[] {
  if (lastHop === null || next === null) return [];
  const { world } = field;
  const places = [
    placeOf(world, flow.from),
    ...[next, lastHop].map(({ netns }) => hostPlace(world, nodeOf(netns))),
  ].filter((place) => place !== null);
  for (const from of places) {
    for (const dst of [branch.destination.ip, flow.dst]) {
      const echo = { from, dst, port: 0, protocol: "icmp", url: null, attempts: ECHOES } as const;
      const small = makeTrial(world, { id: prefix, ...echo });
      const isOverIt = small.walk.branches.every((b) => arrives(b) === true && crosses(b, lastHop, next));
      if (!isOverIt || small.walk.branches.length === 0) continue;
      // What a tap saw may be several segments, which a network card cuts.
      const largest = Math.min(lostBytes(flow, lastHop), ...small.walk.branches.map((b) => mtuOf(world, b)));
      return lengthsUpTo(largest).map((bytes) => makeTrial(world, { id: `${prefix}${bytes}`, ...echo, bytes }));
    }
  }
  return [];
}

function lengthsUpTo(largest: number): readonly number[] {
  const each = (largest - BYTES.icmp) / STEPS;
  return Array.from({ length: STEPS + 1 }, (_, i) => Math.round(BYTES.icmp + each * i));
}

/** The smallest of the links that it passes as it is, outside of any tunnel. */
function mtuOf(world: World, branch: Suspect["branch"]): number {
  const bare = expectedPoints(branch).filter(({ header }) => header === "inner");
  const mtus = bare.map(({ netns, link }) => linkNamed(linksOf(world.netns.get(netns)), link)?.mtu);
  return Math.min(...mtus.filter((mtu) => mtu !== undefined));
}

function crosses(branch: Suspect["branch"], lastHop: Point, next: Point): boolean {
  const points = expectedPoints(branch);
  return [lastHop, next].every(({ netns, link }) => points.some((p) => p.netns === netns && p.link === link));
}

/** All up to one length answered, and none beyond it; null for any other pattern, which chance may have made. */
function sizesOf(examined: readonly Examined[]): Sizes | null {
  const asked = examined
    .map(({ trial, result }) => ({
      bytes: trial.flow.bytes,
      answered: result.answers.filter((a) => a.outcome === "answered").length,
      lost: result.answers.filter((a) => a.outcome === "timeout").length,
    }))
    .sort((a, b) => a.bytes - b.bytes);
  const first = asked.findIndex(({ lost }) => lost > 0);
  const [last, over] = [asked[first - 1], asked[first]];
  if (last === undefined || over === undefined) return null;
  const isSharp =
    asked.slice(0, first).every(({ answered }) => answered === ECHOES) &&
    asked.slice(first).every(({ lost }) => lost === ECHOES);
  return isSharp ? { passed: last.bytes, lost: over.bytes } : null;
}
