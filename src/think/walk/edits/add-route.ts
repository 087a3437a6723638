import { contains } from "../../../facts/ip.ts";
import type { World } from "../../../facts/world.ts";
import type { Read } from "../reads.ts";
import { tableName } from "../route/words.ts";
import type { EditOf } from "./edit.ts";
import type { EditMeaning } from "./edit-meaning.ts";
import { replaceTable, rowsOf } from "./replace-table.ts";
import { routeText, samePlace, sameWay } from "./route-lookup.ts";
import { proposeRoutes } from "./route-proposals.ts";

type AddRoute = EditOf<"add-route">;

export const addRoute: EditMeaning<AddRoute> = {
  cost: 1,
  touches: (edit, read) => touchesRoute(edit, read),
  apply(world: World, edit: AddRoute): World {
    return replaceTable(world, edit.netns, "routes", (routes) => {
      const place = routes.findIndex((route) => samePlace(route, edit.route));
      if (place < 0) return [...routes, edit.route];
      const there = routes[place];
      return there !== undefined && sameWay(there, edit.route) ? routes : routes.with(place, edit.route);
    });
  },
  propose: proposeRoutes,
  object: (edit) => `route ${edit.route.dst.text} table ${tableName(edit.route.table)}`,
  found(world, edit) {
    const there = rowsOf(world, edit.netns, "routes").find((route) => samePlace(route, edit.route));
    return there === undefined ? null : routeText(there);
  },
  wanted: (edit) => routeText(edit.route),
};

/** The edit's prefix covers what was asked for, in the table that was asked. */
export function touchesRoute(edit: EditOf<"add-route" | "remove-route">, read: Read): boolean {
  return (
    read.of === "route" &&
    read.netns === edit.netns &&
    read.table === edit.route.table &&
    contains(edit.route.dst, read.dst)
  );
}
