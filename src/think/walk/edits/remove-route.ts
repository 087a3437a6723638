import { routesCovering, TABLE_LOCAL } from "../../../facts/lookup/routes.ts";
import type { Route } from "../../../facts/netns.ts";
import type { World } from "../../../facts/world.ts";
import type { Read } from "../reads.ts";
import { tableName } from "../route/words.ts";
import { touchesRoute } from "./add-route.ts";
import type { EditOf } from "./edit.ts";
import type { EditMeaning, Proposal } from "./edit-meaning.ts";
import { isOverlap } from "./overlap.ts";
import { departure, peersOf } from "./peers.ts";
import { replaceTable, rowsOf } from "./replace-table.ts";
import { routeText, samePlace, sameWay } from "./route-lookup.ts";
import { expectedRoutes } from "./route-proposals.ts";

type RemoveRoute = EditOf<"remove-route">;

export const removeRoute: EditMeaning<RemoveRoute> = {
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

/**
 * Only the best route answers. What the kernel made for an address is nobody's mistake where that network is not another's, what every
 * peer has is meant, and what the pattern of the cluster asks for is right.
 */
function proposeRemoval(world: World, read: Read): readonly Proposal<RemoveRoute>[] {
  if (read.of !== "route" || read.table === TABLE_LOCAL) return [];
  const netns = world.netns.get(read.netns);
  const [best] = routesCovering(rowsOf(world, read.netns, "routes"), read.table, read.dst);
  if (netns === undefined || best === undefined) return [];
  if (best.protocol === "kernel" && !isOverlap(world, netns, best, read.dst)) return [];
  const peers = peersOf(world, read.netns).filter((peer) => peer.routes.known);
  const departs = departure(
    "present",
    peers.map((peer) => (rowsOf(world, peer.id, "routes").some((r) => isLike(r, best)) ? "present" : null)),
  );
  if (departs === 0) return [];
  if (expectedRoutes(world, read).some((route) => samePlace(route, best) && sameWay(route, best))) return [];
  return [{ edit: { do: "remove-route", netns: read.netns, route: best }, kind: "cure", departure: departs }];
}

function isLike(a: Route, b: Route): boolean {
  return samePlace(a, b) && a.type === b.type;
}
