import type { NetnsId } from "../../facts/provenance.ts";
import type { SeenHeader, Sighting } from "../sighting.ts";
import type { TrailPoint } from "./trail-point.ts";
import { mergeInWalkOrder } from "./walk-order.ts";

/** A tap that a packet is expected to pass. */
export interface ExpectedPoint {
  readonly netns: NetnsId;
  readonly link: string;
  readonly direction: "in" | "out";
  readonly leg: "request" | "reply";
  readonly header: "inner" | "outer";
}

export interface IcmpErrorSeen {
  readonly type: number;
  readonly code: number;
  /** Who says so. */
  readonly from: string;
  /** Next-hop MTU of "fragmentation needed" and "packet too big"; null otherwise. */
  readonly mtu: number | null;
  readonly sighting: Sighting;
}

/** Everything that was seen of one attempt, in walk order. */
export interface Trail {
  readonly probe: string;
  readonly request: readonly TrailPoint[];
  readonly reply: readonly TrailPoint[];
  /** ICMP errors about either leg, nearest to their author first. */
  readonly errors: readonly IcmpErrorSeen[];
}

/** One trail for each attempt that was seen at all. `senderOf` gives the netns that an attempt was sent from. */
export function buildTrails(
  sightings: readonly Sighting[],
  expected: readonly ExpectedPoint[],
  senderOf: (probe: string) => NetnsId | null,
): readonly Trail[] {
  const byProbe = new Map<string, Sighting[]>();
  for (const sighting of sightings) {
    const group = byProbe.get(sighting.probe);
    if (group === undefined) byProbe.set(sighting.probe, [sighting]);
    else group.push(sighting);
  }
  const indexes = { request: indexExpected(expected, "request"), reply: indexExpected(expected, "reply") };
  return [...byProbe].map(([probe, group]) => {
    const sender = senderOf(probe);
    const points = (leg: "request" | "reply", keep: (s: Sighting) => boolean) =>
      mergeInWalkOrder(
        toPoints(
          group.filter((s) => s.leg === leg && keep(s)),
          indexes[leg],
        ),
        leg === "request" ? { first: sender, last: null } : { first: null, last: sender },
      );
    return {
      probe,
      request: points("request", () => true),
      reply: points("reply", (s) => !isError(s)),
      errors: points("reply", isError).map(toError),
    };
  });
}

function indexExpected(expected: readonly ExpectedPoint[], leg: "request" | "reply"): ReadonlyMap<string, number> {
  const indexes = new Map<string, number>();
  expected.forEach((point, i) => {
    const key = pointKey(point);
    if (point.leg === leg && !indexes.has(key)) indexes.set(key, i);
  });
  return indexes;
}

/** Retransmissions and later attempts at the same place are counted, not repeated. */
function toPoints(sightings: readonly Sighting[], indexes: ReadonlyMap<string, number>): TrailPoint[] {
  const points = new Map<string, { sighting: Sighting; count: number; expectedAt: number | null }>();
  for (const sighting of [...sightings].sort((a, b) => a.order - b.order)) {
    const key = pointKey(sighting);
    const known = points.get(key);
    if (known === undefined) points.set(key, { sighting, count: 1, expectedAt: indexes.get(key) ?? null });
    else known.count++;
  }
  return [...points.values()];
}

export function pointKey(point: {
  readonly netns: NetnsId;
  readonly link: string;
  readonly direction: string | null;
  readonly header: string;
}): string {
  return `${point.netns} ${point.link} ${point.direction} ${point.header}`;
}

function isError(sighting: Sighting): boolean {
  return sighting.headers.some((h) => h.kind === "quoted");
}

function toError({ sighting }: TrailPoint): IcmpErrorSeen {
  const icmp = sighting.headers.findLast((h): h is Extract<SeenHeader, { kind: "icmp" }> => h.kind === "icmp");
  const ip = sighting.headers.findLast((h): h is Extract<SeenHeader, { kind: "ip" }> => h.kind === "ip");
  const type = icmp?.type ?? -1;
  const code = icmp?.code ?? -1;
  const isFragNeeded = type === 3 && code === 4;
  const isTooBig = type === 2 && ip?.src.family === 6;
  // RFC 1191: the lower half of the rest of the header; RFC 4443: all of it, where the lower half suffices.
  return { type, code, from: ip?.src.text ?? "", mtu: isFragNeeded || isTooBig ? (icmp?.seq ?? null) : null, sighting };
}
