import { z } from "zod";
import { parsePrefix } from "../../../facts/ip.ts";
import { type Phrase, phrase } from "../../../facts/phrase.ts";
import { type Act, type Answer, defineKind, type Look, linesOf, ReadFailure, type UndoView } from "../kind.ts";
import { routeArgv, routeWords } from "../text/ip-words.ts";
import {
  familyOf,
  goesSameWay,
  isRouteOf,
  paramsOfRoute,
  type RouteParams,
  routeOfParams,
  routeParams,
  slotOf,
  slotOfParams,
  tableOf,
} from "./route-params.ts";

/** Every route of exactly this prefix and table, in the kernel's order. */
const image = z.object({ routes: z.array(z.string()) });
type Image = z.infer<typeof image>;

function looks(p: RouteParams): Look[] {
  return [{ argv: ["ip", "-o", `-${familyOf(p)}`, "route", "show", "table", tableOf(p), "exact", p.prefix] }];
}

function see(_: RouteParams, [answer]: readonly Answer[]): Image {
  // A table of IPv4 exists only while it holds a route.
  if (answer?.status !== 0 && !/table does not exist/i.test(answer?.stderr ?? "")) {
    throw new ReadFailure(answer?.stderr.trim() || phrase("no-answer"));
  }
  return { routes: linesOf(answer?.stdout ?? "").map((line) => routeWords(line).join(" ")) };
}

function disturbed(_: RouteParams, { before, after, first }: UndoView<Image>): readonly Phrase[] {
  if (sameLines(first.routes, after.routes) || sameLines(first.routes, before.routes)) return [];
  return first.routes.length === 0 ? [phrase("absent")] : [...first.routes];
}

function undo(p: RouteParams, { before, present }: UndoView<Image>): Act[] {
  if (sameLines(before.routes, present.routes)) return [];
  const family = familyOf(p);
  const extra = present.routes.filter((line) => !before.routes.includes(line));
  if (extra.length > 0) return extra.map((line) => ({ argv: routeArgv("del", family, line, tableOf(p)) }));
  return before.routes
    .filter((line) => !present.routes.includes(line))
    .map((line) => ({ argv: routeArgv(placeOf(before.routes, line, family), family, line, tableOf(p)) }));
}

/** Routes of one prefix, type of service and metric are kept in the order they were made; only the first is used. */
function placeOf(routes: readonly string[], line: string, family: 4 | 6): "add" | "append" | "prepend" {
  const beside = routes.filter((other) => slotOf(other, family) === slotOf(line, family));
  if (beside.length < 2) return "add";
  return beside[0] === line ? "prepend" : "append";
}

function remaining(_: RouteParams, { before, present }: UndoView<Image>): readonly Phrase[] {
  return sameLines(before.routes, present.routes)
    ? []
    : present.routes.length === 0
      ? [phrase("absent")]
      : present.routes;
}

function sameLines(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, i) => line === b[i]);
}

function object(p: RouteParams): string {
  const table = { "254": "main", "255": "local", "253": "default" }[tableOf(p)] ?? tableOf(p);
  return `route ${parsePrefix(p.prefix)?.text ?? p.prefix} table ${table}`;
}

const shared = { on: "node", params: routeParams, image, looks, see, object, disturbed, undo, remaining } as const;

/** The route that a new one of these parameters would collide with. */
function inItsPlace(p: RouteParams, routes: readonly string[]): string | null {
  return routes.find((line) => slotOf(line, familyOf(p)) === slotOfParams(p)) ?? null;
}

function commandOf(op: "add" | "replace" | "del", p: RouteParams): string[] {
  return ["ip", `-${familyOf(p)}`, "route", op, ...routeOfParams(p)];
}

export const addRoute = defineKind<RouteParams, Image>({
  ...shared,
  id: "add-route",
  fromEdit: (edit) => (edit.do === "add-route" ? paramsOfRoute(edit.route) : null),
  commands: (p) => [commandOf("add", p)],
  judge(p, { routes }, found) {
    if (routes.some((line) => isRouteOf(line, p))) return "as-wanted";
    const there = inItsPlace(p, routes);
    if (there === null || found === undefined) return "as-found";
    return found !== null && goesSameWay(there, found) ? "as-found" : { other: there };
  },
  acts: (p, { routes }) => [{ argv: commandOf(inItsPlace(p, routes) === null ? "add" : "replace", p) }],
});

export const removeRoute = defineKind<RouteParams, Image>({
  ...shared,
  id: "remove-route",
  fromEdit: (edit) => (edit.do === "remove-route" ? paramsOfRoute(edit.route) : null),
  commands: (p) => [commandOf("del", p)],
  judge(p, { routes }) {
    return routes.some((line) => isRouteOf(line, p)) ? "as-found" : "as-wanted";
  },
  // By the kernel's own words, so that exactly that route goes.
  acts: (p, { routes }) =>
    routes
      .filter((line) => isRouteOf(line, p))
      .slice(0, 1)
      .map((line) => ({ argv: routeArgv("del", familyOf(p), line, tableOf(p)) })),
});
