import { type Phrase, phrase, samePhrase } from "../../facts/phrase.ts";
import { netnsNameOf, nodeOf } from "../../facts/provenance.ts";
import type { Point } from "../../think/explain/points.ts";
import { expectedPoints, samePlace } from "../../think/explain/points.ts";
import { hopsOf, type Suspect, type Tried } from "../../think/explain/suspect.ts";
import { type Branch, endText } from "../../think/walk/branch.ts";
import { type Finding, finding, type Rung } from "../findings.ts";

const MOST_PLACES = 4;

/** Interface by interface: where the tries of the main suspect were seen, up to the first place where they were not. */
export function captureRung(
  suspect: Suspect | null,
  healed: Branch | null,
  probes: number,
  lostTaps: readonly string[],
  all: readonly Tried[] = [],
): Rung {
  const lost = lostTaps.length === 0 ? [] : [finding("capture-lost", { taps: lostTaps })];
  if (suspect === null) return { ...wholeCapture(probes, all, lost.length > 0), lines: lost };
  const { tried, failed, lastHop } = suspect;
  const title = finding("capture-title", {
    leg: lastHop?.leg ?? "request",
    from: placeName(tried.flow.from),
    to: endText(tried.flow.protocol, suspect.branch.destination.ip, suspect.branch.destination.port),
    probes: failed,
  });
  return {
    rung: "capture",
    status: suspect.witness === "unwitnessed" ? "unknown" : "failed",
    headline: title,
    lines: [...lines(suspect, healed), ...lost],
    evidence: [],
  };
}

/** Nothing failed: was it seen wherever the walks say? */
function wholeCapture(probes: number, all: readonly Tried[], isPartlyDeaf: boolean): Omit<Rung, "lines"> {
  const base = { rung: "capture", evidence: [] } as const;
  if (probes === 0) return { ...base, status: "skipped", headline: finding("not-tried", {}) };
  const points = all.flatMap((tried) => tried.walk.branches.flatMap((branch) => hopsOf(tried, branch)));
  const unseen = points.filter(
    ({ point, seen }) => seen === 0 && !points.some((p) => p.seen !== 0 && samePlace(p.point, point)),
  );
  if (unseen.length > 0) {
    const places = unseen.map(({ point }) =>
      phrase("place-and-hop", { place: placeName(point.netns), hop: hopName(point) }),
    );
    const different = places.filter((place, i) => places.findIndex((other) => samePhrase(place, other)) === i);
    return {
      ...base,
      status: "unknown",
      headline: finding("capture-elsewhere", { places: different.slice(0, MOST_PLACES) }),
    };
  }
  const isHeard = !isPartlyDeaf && points.some(({ seen }) => seen !== null);
  return isHeard
    ? { ...base, status: "ok", headline: finding("capture-arrives", { probes }) }
    : { ...base, status: "unknown", headline: finding("capture-unheard", { probes }) };
}

interface Row {
  readonly point: Point;
  readonly seen: number | null;
}

function lines(suspect: Suspect, healed: Branch | null): readonly Finding[] {
  const { lastHop } = suspect;
  const rows: Row[] = [...suspect.hops];
  const missing = lastHop === null ? null : nextAfter(suspect, healed);
  if (missing !== null && !rows.some((row) => samePlace(row.point, missing))) {
    // Seen by nobody, which tells something only where somebody listened.
    const isHeard = suspect.witness !== "unwitnessed" && suspect.tried.trusted.has(missing.netns);
    rows.push({ point: missing, seen: isHeard ? 0 : null });
  }
  for (const point of suspect.offPath) rows.push({ point, seen: timesSeen(suspect, point) });
  const end = rows.findIndex((row) => missing !== null && samePlace(row.point, missing));
  const shown = end < 0 ? rows : rows.slice(0, end + 1);
  const leg = lastHop?.leg ?? "request";
  const ofLeg = shown.filter((row) => row.point.leg === leg);
  const groups: Row[][] = [];
  for (const row of ofLeg) {
    const group = groups.at(-1);
    // What was sent and what was not there stand on lines of their own.
    if (group?.[0]?.point.netns === row.point.netns && group[0].seen === row.seen) group.push(row);
    else groups.push([row]);
  }
  const isSeen = suspect.witness !== "unwitnessed";
  return groups.map((group) =>
    finding("capture-line", {
      node: placeName(group[0]?.point.netns ?? ""),
      count: group[0]?.seen ?? null,
      hops: group.map(({ point }) => ({
        name: hopName(point),
        last: isSeen && lastHop !== null && samePlace(point, lastHop),
      })),
    }),
  );
}

/** So many of the failed tries were seen at a place that the walk did not expect. */
function timesSeen({ tried }: Suspect, point: Point): number {
  return tried.tries.filter((t) => !t.answered && t.trail?.points.some((p) => samePlace(p, point))).length;
}

/** What comes after the last hop when all is well: from this walk, or from the walk with the cause corrected. */
export function nextAfter(suspect: Suspect, healed: Branch | null): Point | null {
  const { lastHop } = suspect;
  if (lastHop === null) return null;
  for (const branch of [healed, suspect.branch]) {
    if (branch === null) continue;
    const points = expectedPoints(branch);
    const at = points.findLastIndex((p) => samePlace(p, lastHop));
    const next = at < 0 ? undefined : points[at + 1];
    if (next !== undefined) return next;
  }
  return null;
}

export function hopName({ link, direction, header }: Pick<Point, "link" | "direction" | "header">): Phrase {
  const at = `${link} ${direction ?? ""}`.trim();
  return header === "outer" ? phrase("tunnelled", { at }) : at;
}

export function placeName(netns: string): string {
  const name = netnsNameOf(netns);
  return name === "host" ? nodeOf(netns) : name.slice(4);
}
