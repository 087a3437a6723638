import { beforeAll, expect, test } from "vitest";
import type * as make from "../../test/explain/faults.ts";
import { recordedCluster } from "../../test/explain/recorded-cluster.ts";
import { flowTo } from "../../test/explain/what-happens.ts";
import type { World } from "../facts/world.ts";
import { replaceTable } from "../think/walk/edits/replace-table.ts";
import { walk } from "../think/walk/walk.ts";
import type { Trial } from "./examination.ts";
import { asSaidLater } from "./lost-data.ts";
import { NOT_SEEN } from "./trails.ts";

const FROM = "k1/pod:default/frontend-764dfd4598-hxw42";
const TO_POD = flowTo(FROM, "10.42.0.3", 8080);
const INVALID = /^FORWARD: .* --ctstate INVALID -j DROP$/;

let healthy: World;
beforeAll(async () => {
  healthy = (await recordedCluster("vxlan-healthy")).world;
});

/** What k1 sends to the pods of k2 goes by k3, and their answers come straight. */
const byThird: make.Change = (world) =>
  replaceTable(world, "k1/host", "routes", (routes) => {
    const toThird = routes.find(({ dst }) => dst.text === "10.42.1.0/24");
    return routes.map((route) =>
      route.dst.text === "10.42.0.0/24" && toThird !== undefined ? { ...route, nexthops: toThird.nexthops } : route,
    );
  });

function trialIn(world: World): Trial {
  return { flow: TO_POD, walk: walk(world, TO_POD) } as Trial;
}

function ends(world: World, lost: Parameters<typeof asSaidLater>[0]) {
  return asSaidLater(lost, trialIn(world)).walk.branches.map(({ end, netns, steps }) => [
    end,
    netns,
    steps.at(-1)?.detail,
  ]);
}

test("who has seen half of a handshake knows nothing of the connection, and what is said on it is INVALID there", () => {
  const world = byThird(healthy);
  expect(ends(world, [])).toEqual([["DELIVERED", expect.stringMatching(/^k2\/pod:/), expect.anything()]]);
  expect(ends(world, [NOT_SEEN])).toEqual([["NETFILTER_DROP", "k3/host", expect.stringMatching(INVALID)]]);
});

test("an answer whose own walk ends on the way proves nobody to have seen half", () => {
  const world = replaceTable(healthy, "k2/host", "routes", (routes) =>
    routes.filter(({ dst }) => dst.text !== "10.42.2.0/24"),
  );
  const halfSeenBy = (of: World) => [...(asSaidLater([NOT_SEEN], trialIn(of)).flow.halfSeenBy ?? [])];
  expect(halfSeenBy(byThird(healthy))).toEqual(["k3/host"]);
  expect(halfSeenBy(world)).toEqual([]);
});

test("where the answers come by the same way, it is as the handshake was", () => {
  expect(ends(healthy, [NOT_SEEN])).toEqual(ends(healthy, []));
});
