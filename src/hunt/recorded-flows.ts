import { type Ip, sameIp } from "../facts/ip.ts";
import type { ConntrackEntry } from "../facts/netns.ts";
import type { NetnsId } from "../facts/provenance.ts";
import { linksOf, netnsWith, type World } from "../facts/world.ts";
import type { Flow } from "../think/walk/branch.ts";
import { type AdoptedFlow, adoptFlows } from "../witness/correlate/adopt-flows.ts";
import { correlate } from "../witness/correlate/correlate.ts";
import { DATA_SUFFIX } from "../witness/correlate/matcher.ts";
import type { Frame, Sighting } from "../witness/sighting.ts";
import { type Place, placeOf } from "./place.ts";
import { type Fate, fateOf, PATIENCE_NS } from "./recorded-fate.ts";
import { PAGE_DEADLINE_MS } from "./trials.ts";

/** Who sent a recorded flow: a namespace that was collected, or a stranger that is known by where its packets came in. */
export interface Sender extends Place {
  readonly stranger: { readonly src: Ip; readonly entersBy: NonNullable<Flow["entersBy"]> } | null;
}

/** A flow that was under way while a recording was made. */
export interface RecordedFlow extends Fate {
  readonly id: string;
  readonly protocol: Flow["protocol"];
  readonly sender: Sender;
  /** As the sender named it, before any NAT. */
  readonly dst: Ip;
  /** 0 for ICMP. */
  readonly dport: number;
  /** As the sender has it; null for ICMP. */
  readonly sport: number | null;
  readonly sightings: readonly Sighting[];
  /** What was said on it, where that was long enough ago for an answer to have come. */
  readonly said: readonly Sighting[];
  /** It was asked for something, and no answer to that came for as long as one waits for a page. */
  readonly isSilent: boolean;
  /** Of the response that was seen on it; null where none was, or not its beginning. */
  readonly httpStatus: number | null;
}

const NS_PER_MS = 1_000_000n;
const PROTOCOL_NUMBERS = { tcp: 6, udp: 17, icmp: 1 } as const;

export interface RecordedFlows {
  readonly flows: readonly RecordedFlow[];
  /** Flows whose sender is nobody that a walk could begin with. */
  readonly orphans: number;
}

export function recordedFlows(frames: readonly Frame[], world: World): RecordedFlows {
  const adopted = adoptFlows(frames);
  const sightingsOf = new Map<string, Sighting[]>();
  for (const sighting of correlate(adopted, frames).sightings) {
    const group = sightingsOf.get(sighting.probe);
    if (group === undefined) sightingsOf.set(sighting.probe, [sighting]);
    else group.push(sighting);
  }
  const lastAt = new Map<NetnsId, bigint>();
  for (const { netns, atNs } of frames) {
    const known = lastAt.get(netns);
    if (known === undefined || atNs > known) lastAt.set(netns, atNs);
  }
  const flows: RecordedFlow[] = [];
  let orphans = 0;
  for (const flow of adopted) {
    const sightings = sightingsOf.get(flow.id) ?? [];
    const sender = senderOf(flow, sightings, world);
    if (sender === null) {
      orphans += 1;
      continue;
    }
    const said = sightingsOf.get(flow.id + DATA_SUFFIX) ?? [];
    const recordedUntilNs = lastAt.get(flow.firstSeen.netns) ?? flow.firstSeen.atNs;
    const fate = fateOf(flow, sightings, {
      hasSentData: said.some((s) => s.leg === "request"),
      recordedUntilNs,
      isBelow: (link, other) => isBelow(world, flow.firstSeen.netns, link, other),
    });
    if (fate === null) continue;
    const named = sender.stranger === null ? beforeNat(flow, sender.netns, world) : null;
    const dst = named?.dst ?? flow.dst;
    const dport = named?.dport ?? flow.dport ?? 0;
    flows.push({
      id: flow.id,
      protocol: flow.protocol,
      sender,
      dst,
      dport,
      sport: flow.protocol === "icmp" ? null : flow.sport,
      sightings,
      said: said.every(({ atNs }) => recordedUntilNs - atNs < PATIENCE_NS) ? [] : said,
      isSilent:
        said.every(({ leg }) => leg === "request") &&
        said.some(({ atNs }) => recordedUntilNs - atNs > BigInt(PAGE_DEADLINE_MS) * NS_PER_MS),
      httpStatus: statusOf(said),
      ...fate,
    });
  }
  return { flows, orphans };
}

function statusOf(said: readonly Sighting[]): number | null {
  for (const { headers } of said) {
    const tcp = headers.findLast((h) => h.kind === "tcp");
    if (tcp?.kind === "tcp" && tcp.httpStatus !== undefined) return tcp.httpStatus;
  }
  return null;
}

/** The namespace that has the source's address; else the link where it came in from nobody that was collected. */
function senderOf(flow: AdoptedFlow, sightings: readonly Sighting[], world: World): Sender | null {
  const { firstSeen, src } = flow;
  const owners = netnsWith(world, src);
  const owner =
    owners.length === 1 ? owners[0] : owners.find((o) => o.id === firstSeen.netns && firstSeen.direction !== "in");
  const place = owner === undefined ? null : placeOf(world, owner.id);
  if (place !== null) return { ...place, stranger: null };
  const { netns, link, direction } = firstSeen;
  if (owners.length > 0 || direction !== "in" || link === null || flow.header === "outer") return null;
  const entry = placeOf(world, netns, src.text);
  // The tag is gone by the time that a tap on `any` sees the frame: the VLAN's own device tells it.
  const tagged = linksOf(world.netns.get(netns)).find(
    (l) =>
      l.vlanId !== null &&
      l.lower === link &&
      sightings.some((s) => s.netns === netns && s.link === l.name && s.direction === "in" && s.leg === "request"),
  );
  return entry === null ? null : { ...entry, stranger: { src, entersBy: { link, vlan: tagged?.vlanId ?? null } } };
}

/** What the sender's own connection tracking says that it asked for: its taps see a packet only after NAT. */
function beforeNat(
  flow: AdoptedFlow,
  netns: NetnsId,
  world: World,
): { readonly dst: Ip; readonly dport: number } | null {
  const table = world.netns.get(netns)?.conntrack;
  if (flow.protocol === "icmp" || table?.known !== true) return null;
  const isIt = ({ protocol, reply }: ConntrackEntry): boolean =>
    protocol === PROTOCOL_NUMBERS[flow.protocol] &&
    sameIp(reply.src, flow.dst) &&
    reply.sport === flow.dport &&
    sameIp(reply.dst, flow.src) &&
    reply.dport === flow.sport;
  return table.value.find(isIt)?.original ?? null;
}

/** A bridge's port, a bond's slave, a VLAN's parent: the packet is there before it is at the other. */
function isBelow(world: World, netns: NetnsId, link: string, other: string): boolean {
  const links = linksOf(world.netns.get(netns));
  return links.some((l) => (l.name === link && l.master === other) || (l.name === other && l.lower === link));
}
