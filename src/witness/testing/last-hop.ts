import type { NetnsId } from "../../facts/provenance.ts";
import type { Sighting, TapReport } from "../sighting.ts";
import { type ExpectedPoint, pointKey, type Trail } from "../correlate/trail.ts";
import type { TrailPoint } from "../correlate/trail-point.ts";

export interface LastHop {
  readonly leg: "request" | "reply";
  /** Null when no tap saw the packet. */
  readonly point: TrailPoint | null;
  /** It was last seen where it was not expected: the prediction is wrong. */
  readonly isOffPath: boolean;
  /** Where it should have been seen next, on the way back once the request's own way is done; null at the end, or off the path. */
  readonly next: ExpectedPoint | null;
  /** That it was not there is proven: that netns's tap lost nothing. False without a tap. */
  readonly absenceIsProven: boolean;
  /** The answer came back to the sender. */
  readonly returned: boolean;
}

/**
 * The last sighting of the request in walk order, or, when the request reached its socket, the last of the reply. A reset is
 * no socket's answer, and an ICMP error is not a reply: with those the request ends where it was last seen.
 */
export function lastHopOf(
  trail: Trail,
  expected: readonly ExpectedPoint[],
  reports: readonly TapReport[],
  sender: NetnsId | null,
): LastHop {
  const answer = trail.reply.filter((point) => !isReset(point.sighting));
  const leg = answer.length > 0 ? "reply" : "request";
  const points = leg === "request" ? trail.request : answer;
  const point = points.at(-1) ?? null;
  const isOffPath = point !== null && point.expectedAt === null && expected.length > 0;
  const next = isOffPath ? null : nextExpected(points, expected);
  const report = reports.find((r) => r.netns === next?.netns);
  return {
    leg,
    point,
    isOffPath,
    next,
    absenceIsProven: report?.trustworthy ?? false,
    returned: answer.some((p) => p.sighting.netns === sender),
  };
}

function nextExpected(points: readonly TrailPoint[], expected: readonly ExpectedPoint[]): ExpectedPoint | null {
  const last = points.reduce((max, point) => Math.max(max, point.expectedAt ?? -1), -1);
  return expected[last + 1] ?? null;
}

function isReset(sighting: Sighting): boolean {
  return sighting.headers.some((h) => h.kind === "tcp" && h.rst);
}

/** How many attempts were seen at a place. */
export interface TallyRow {
  readonly point: ExpectedPoint | TrailPoint["sighting"];
  readonly attempts: number;
  readonly isExpected: boolean;
}

/** All trails of one probe in one table, in walk order; expected places where none was seen are in it, with 0. */
export function tallyTrails(
  trails: readonly Trail[],
  expected: readonly ExpectedPoint[],
  leg: "request" | "reply",
): readonly TallyRow[] {
  const rows: { key: string; point: TallyRow["point"]; attempts: number; isExpected: boolean }[] = expected
    .filter((point) => point.leg === leg)
    .map((point) => ({ key: pointKey(point), point, attempts: 0, isExpected: true }));
  for (const trail of trails) {
    let after = -1;
    for (const { sighting } of trail[leg]) {
      const key = pointKey(sighting);
      let at = rows.findIndex((row) => row.key === key);
      if (at < 0) {
        at = after + 1;
        rows.splice(at, 0, { key, point: sighting, attempts: 0, isExpected: false });
      }
      (rows[at] as (typeof rows)[number]).attempts++;
      after = at;
    }
  }
  return rows.map(({ point, attempts, isExpected }) => ({ point, attempts, isExpected }));
}
