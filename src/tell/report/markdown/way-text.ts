import stringWidth from "string-width";
import type { IncidentWords } from "../../i18n/incident/en.ts";
import { printable } from "../finding-text.ts";
import { grouped, type Crossing, type Station, type Way } from "../incident/way.ts";

const SEEN = { true: "●", false: "○", null: "◌" } as const;

/** A leg after the other: nodes, the namespaces in them, their interfaces in the order of the packet; a tunnel has a border. */
export function wayText(way: Way, say: IncidentWords): string {
  const legs = (["request", "reply"] as const).flatMap((leg) => {
    const passed = way.stations.filter((station) => station[leg] !== null);
    if (passed.length === 0) return [];
    return [
      [
        `${say.legs[leg]}${say.colon}`.trimEnd(),
        ...legLines(leg === "reply" ? passed.reverse() : passed, leg, way, say),
      ].join("\n"),
    ];
  });
  return [...legs, say.legend].join("\n\n");
}

interface Line {
  readonly left: string;
  readonly right: string;
}

function legLines(
  passed: readonly Station[],
  leg: "request" | "reply",
  way: Way,
  say: IncidentWords,
): readonly string[] {
  const lines: Line[] = [];
  for (const { key: node, items } of grouped(passed, (s) => s.node)) {
    lines.push({ left: `  ${node === null ? "?" : placeName(node, say)}`, right: "" });
    for (const { key: netns, items: own } of grouped(items, (s) => s.netns)) {
      if (netns !== null) lines.push({ left: `    ${netnsName(netns, say)}`, right: "" });
      for (const station of own) lines.push(...stationLines(station, station[leg] as Crossing, leg, way, say));
    }
  }
  const width = Math.max(...lines.map(({ left }) => stringWidth(left))) + 3;
  return lines.map(({ left, right }) =>
    right === "" ? left : `${left}${" ".repeat(width - stringWidth(left))}${right}`,
  );
}

function stationLines(
  station: Station,
  crossing: Crossing,
  leg: string,
  way: Way,
  say: IncidentWords,
): readonly Line[] {
  const { direction, seen, isLast, isNext, isPredicted } = crossing;
  const border = station.isTunnelled ? "║ " : "";
  const marks = say.marks;
  const notes = [
    station.isTunnelled ? marks.tunnelled : null,
    isLast ? `← ${lastMark(crossing, say)}` : null,
    isNext ? nextMark(crossing, say) : null,
    isPredicted ? null : marks.notPredicted,
  ].filter((note) => note !== null);
  const left = `      ${border}${printable(`${station.interface} ${direction ?? ""}`).trimEnd()}`;
  const here: Line = { left, right: [SEEN[`${seen}`], ...notes].join("  ") };
  return isLast && way.end?.leg === leg ? [here, { left: `      ✕ ${endText(way.end, say)}`, right: "" }] : [here];
}

/** Where nobody listened the walk alone says where it ends, and what would come next. */
export function lastMark({ seen }: Crossing, { marks }: IncidentWords): string {
  return seen === true ? marks.last : marks.walkEnds;
}

export function nextMark({ seen }: Crossing, { marks }: IncidentWords): string {
  return seen === false ? marks.next : marks.walkNext;
}

export function endText({ disposition, reason }: NonNullable<Way["end"]>, say: IncidentWords): string {
  return printable([disposition, ...(reason === null ? [] : [say.kernelSays({ reason })])].join(" · "));
}

export function placeName(node: string, say: IncidentWords): string {
  return node === "here" ? say.outside : printable(node);
}

export function netnsName(netns: string, say: IncidentWords): string {
  return netns === "host" ? say.hostNetns : printable(netns.replace(/^pod:/, "pod "));
}
