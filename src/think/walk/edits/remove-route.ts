import type { World } from "../../../facts/world.ts";
import type { Read } from "../reads.ts";
import { touchesRoute } from "./add-route.ts";
import type { EditOf } from "./edit.ts";
import type { EditKind, Proposal } from "./edit-kind.ts";
import { departure, peersOf } from "./peers.ts";
import { replaceTable, rowsOf } from "./replace-table.ts";
import { coveringRoutes, LOCAL, routeText, samePlace, sameWay, tableName } from "./route-lookup.ts";

type RemoveRoute = EditOf<"remove-route">;

export const removeRoute: EditKind<RemoveRoute> = {
  cost: 1,
  touches: (edit, read) => touchesRoute(edit, read),
  apply(world: World, edit: RemoveRoute): World {
    return replaceTable(world, edit.netns, "routes", (routes) => {
      const left = routes.filter((route) => !(samePlace(route, edit.route) && sameWay(route, edit.route)));
      return left.length === routes.length ? routes : left;
    });
  },
  propose: proposeRemoval,
  object: (edit) => `route ${edit.route.dst.text} table ${tableName(edit.route.table)}`,
  found(world, edit) {
    const there = rowsOf(world, edit.netns, "routes").find(
      (route) => samePlace(route, edit.route) && sameWay(route, edit.route),
    );
    return there === undefined ? null : routeText(there);
  },
  wanted: () => null,
};

/** Only the best route answers; what the kernel itself made for an address is no mistake of anybody's. */
function proposeRemoval(world: World, read: Read): readonly Proposal<RemoveRoute>[] {
  if (read.of !== "route" || read.table === LOCAL) return [];
  const [best] = coveringRoutes(rowsOf(world, read.netns, "routes"), read.table, read.dst);
  if (best === undefined || best.protocol === "kernel") return [];
  const place = (id: string) =>
    rowsOf(world, id, "routes").some((route) => samePlace(route, best) && route.type === best.type) ? "present" : null;
  const departs = departure(
    "present",
    peersOf(world, read.netns).map((peer) => place(peer.id)),
  );
  return [{ edit: { do: "remove-route", netns: read.netns, route: best }, kind: "cure", departure: departs }];
}
