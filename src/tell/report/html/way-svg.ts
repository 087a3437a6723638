import stringWidth from "string-width";
import type { IncidentWords } from "../../i18n/incident/en.ts";
import { printable } from "../finding-text.ts";
import { type Crossing, grouped, type Station, type Way } from "../incident/way.ts";
import { endText, lastMark, netnsName, nextMark, placeName } from "../markdown/way-text.ts";
import { escaped } from "./escape.ts";

/** All in units of the drawing: 400 wide, so that a phone shows its letters at about their size. */
const WIDTH = 400;
const EDGE = 6;
const ROW = 27;
const REQUEST_X = 36;
const REPLY_X = 60;
const RIGHT = WIDTH - 22;
const CHAR = 7.6;
const DIM_CHAR = 6.9;
const LOSS_ROW = 22;

type Leg = "request" | "reply";

interface Placed {
  readonly station: Station;
  readonly y: number;
}

/** The way as a picture: nodes as boxes, their namespaces inside, interfaces as ports on the line of the packets. */
export function waySvg(way: Way, say: IncidentWords): string {
  const boxes: string[] = [];
  const labels: string[] = [];
  const placed: Placed[] = [];
  const labelX = way.hasReply ? REPLY_X + 20 : REQUEST_X + 20;
  let y = 4;
  if (way.hasReply) {
    labels.push(text("lane-request", REQUEST_X - 18, y + 12, `↓ ${say.legs.request}`));
    labels.push(text("lane-reply", REQUEST_X + 66, y + 12, `↑ ${say.legs.reply}`));
    y += 22;
  }
  for (const { key: node, items } of grouped(way.stations, (s) => s.node)) {
    const top = y;
    y += 24;
    const name = node === null ? "?" : placeName(node, say);
    labels.push(text("name", labelX, top + 18, shortened(name, RIGHT - labelX, CHAR * 1.08)));
    for (const { key: netns, items: own } of grouped(items, (s) => s.netns)) {
      const innerTop = y;
      if (netns !== null) {
        y += 20;
        labels.push(text("dim", labelX, innerTop + 15, shortened(netnsName(netns, say), RIGHT - labelX, DIM_CHAR)));
      }
      for (const station of own) {
        const end = endAt(station, way);
        const loss = end === null ? "" : shortened(endText(end, say), RIGHT - labelX, CHAR);
        // The reply goes upward: it is lost above where it was last seen.
        if (end?.leg === "reply") {
          labels.push(text("loss", labelX, y + 14, loss));
          y += LOSS_ROW;
        }
        const at = y + ROW / 2;
        placed.push({ station, y: at });
        labels.push(...portLabels(station, at, labelX, say));
        y += ROW;
        if (end?.leg === "request") {
          labels.push(text("loss", labelX, y + 11, loss));
          y += LOSS_ROW;
        }
      }
      y += 4;
      if (netns !== null) boxes.push(rect("netns", EDGE + 8, innerTop, WIDTH - 2 * EDGE - 16, y - innerTop, 5));
      y += 6;
    }
    boxes.push(rect(node === null ? "elsewhere" : "node", EDGE, top, WIDTH - 2 * EDGE, y - top, 8));
    y += 16;
  }
  const lanes = (["request", "reply"] as const).flatMap((leg) => lane(placed, leg));
  const body = [...boxes, ...tunnels(placed, way), ...lanes, ...labels].join("");
  return [
    `<svg viewBox="0 0 ${WIDTH} ${y - 8}" role="img" aria-labelledby="way-title way-desc">`,
    `<title id="way-title">${escaped(say.sections.path)}</title>`,
    `<desc id="way-desc">${escaped(description(way, say))}</desc>`,
    body,
    "</svg>",
  ].join("");
}

function description({ stations }: Way, say: IncidentWords): string {
  const nodes = grouped(stations, (s) => s.node).flatMap(({ key }) => (key === null ? [] : [placeName(key, say)]));
  const last = stations.find((s) => s.request?.isLast || s.reply?.isLast);
  if (last === undefined) return say.drawing({ places: nodes.join(" → "), last: null, isSeen: false });
  const { node, netns, request, reply } = last;
  const where = [
    ...(node === null ? [] : [placeName(node, say)]),
    ...(netns === null || netns === "host" ? [] : [netnsName(netns, say)]),
    printable(last.interface),
  ];
  const isSeen = (request?.isLast ? request : reply)?.seen === true;
  return say.drawing({ places: nodes.join(" → "), last: where.join(" "), isSeen });
}

function endAt({ request, reply }: Station, { end }: Way): Way["end"] {
  return request?.isLast || reply?.isLast ? end : null;
}

function portLabels(station: Station, y: number, x: number, say: IncidentWords): readonly string[] {
  const { marks } = say;
  const crossings = [station.request, station.reply].filter((c) => c !== null);
  const last = crossings.find((c) => c.isLast);
  const next = crossings.find((c) => c.isNext);
  const note = last
    ? lastMark(last, say)
    : next
      ? nextMark(next, say)
      : crossings.some((c) => !c.isPredicted)
        ? marks.notPredicted
        : station.isTunnelled
          ? marks.tunnelled
          : crossings.every((c) => c.seen === null)
            ? marks.notTold
            : crossings.some((c) => c.seen === false)
              ? marks.notSeen
              : "";
  const [only, second] = crossings;
  const direction = second === undefined ? (only?.direction ?? "") : "";
  const room = RIGHT - x - stringWidth(note) * DIM_CHAR - 12;
  const name = printable(`${station.interface} ${direction}`).trimEnd();
  const kind = last ? "loss" : station.isTunnelled && note === marks.tunnelled ? "in-tunnel" : "dim";
  return [
    text("mono", x, y + 4, shortened(name, room, CHAR)),
    ...(note === "" ? [] : [text(kind, RIGHT, y + 4, note, "end")]),
  ];
}

/** A leg's line from port to port; past the last sighting it is dotted. */
function lane(placed: readonly Placed[], leg: Leg): readonly string[] {
  const x = leg === "request" ? REQUEST_X : REPLY_X;
  const ports = placed.flatMap(({ station, y }) => (station[leg] === null ? [] : [{ crossing: station[leg], y }]));
  const lines: string[] = [];
  for (const [i, port] of ports.entries()) {
    const next = ports[i + 1];
    if (next === undefined) continue;
    const how = fate(port.crossing, next.crossing);
    lines.push(`<path class="${leg}${how}" d="M${x} ${port.y}V${next.y}"/>`);
    // Where it crosses a border there is room for the tip of an arrow; what is lost arrives nowhere.
    if (next.y - port.y > ROW + 8 && how !== " unseen") lines.push(tip(leg, x, (port.y + next.y) / 2));
  }
  for (const { crossing, y } of ports) {
    if (crossing.isLast) {
      lines.push(`<circle class="halo" cx="${x}" cy="${y}" r="9.5"/>`);
      const top = leg === "request" ? y + 17 : y - 27;
      lines.push(`<path class="cross" d="M${x - 5} ${top}l10 10m0 -10l-10 10"/>`);
    }
    lines.push(`<circle class="port ${leg}${crossing.seen === true ? " full" : ""}" cx="${x}" cy="${y}" r="4.75"/>`);
  }
  return lines;
}

function fate(a: Crossing, b: Crossing): string {
  if (a.seen === false || b.seen === false) return " unseen";
  return a.seen === null || b.seen === null ? " untold" : "";
}

function tip(leg: Leg, x: number, y: number): string {
  const way = leg === "request" ? 1 : -1;
  return `<path class="tip ${leg}" d="M${x - 5} ${y - 4 * way}h10l-5 ${9 * way}z"/>`;
}

/** A pipe around the line while the packet is inside a tunnel's packet. */
function tunnels(placed: readonly Placed[], way: Way): readonly string[] {
  const right = way.hasReply ? REPLY_X : REQUEST_X;
  return grouped(placed, (p) => p.station.isTunnelled).flatMap(({ key, items }) => {
    const [first] = items;
    const last = items.at(-1);
    if (!key || first === undefined || last === undefined) return [];
    return [rect("tunnel", REQUEST_X - 13, first.y - 13, right - REQUEST_X + 26, last.y - first.y + 26, 13)];
  });
}

function shortened(label: string, room: number, perChar: number): string {
  if (stringWidth(label) * perChar <= room) return label;
  let kept = "";
  for (const char of label) {
    if ((stringWidth(kept + char) + 1) * perChar > room) break;
    kept += char;
  }
  return `${kept}…`;
}

function text(kind: string, x: number, y: number, content: string, anchor: "start" | "end" = "start"): string {
  return `<text class="${kind}" x="${x}" y="${y}"${anchor === "end" ? ' text-anchor="end"' : ""}>${escaped(content)}</text>`;
}

function rect(kind: string, x: number, y: number, width: number, height: number, radius: number): string {
  return `<rect class="${kind}" x="${x}" y="${y}" width="${width}" height="${height}" rx="${radius}"/>`;
}
