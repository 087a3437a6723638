import { beforeAll, describe, expect, test } from "vitest";
import * as make from "../../../../test/explain/faults.ts";
import { recordedCluster } from "../../../../test/explain/recorded-cluster.ts";
import { flowTo } from "../../../../test/explain/what-happens.ts";
import { ip } from "../../../facts/ip.ts";
import { linksOf, type World } from "../../../facts/world.ts";
import { walk } from "../walk.ts";
import { proposalsFor } from "./edit-kinds.ts";
import { routeText } from "./route-lookup.ts";
import { expectedRoutes, proposeRoutes } from "./route-proposals.ts";

const via = (router: string) => ({
  nexthops: [{ via: ip(router), dev: "eth0", weight: 1, flags: [], encap: null }],
});

let healthy: World;
beforeAll(async () => {
  healthy = (await recordedCluster("vxlan-healthy")).world;
});

/** Plain routes to pods, and k2 in a subnet of its own: nothing of it is on a link of the others. */
function apart(...changes: readonly make.Change[]): World {
  const moved = make.link("k2/host", "eth0", (l) => ({
    ...l,
    addresses: l.addresses.map((a) => ({ ...a, ip: ip("192.168.7.142"), prefix: { ...a.prefix, base: 0xc0a80700n } })),
  }));
  const nodes = ["k1/host", "k2/host", "k3/host"];
  const plain = nodes.flatMap((n) => ["10.42.0.0/24", "10.42.1.0/24", "10.42.2.0/24"].map((to) => strip(n, to)));
  return make.made(healthy, make.all(moved, ...plain, ...changes));
}

/** What a bridge has of its own stays. */
function strip(node: string, dst: string): make.Change {
  const own = { "k1/host": "10.42.2.0/24", "k2/host": "10.42.0.0/24", "k3/host": "10.42.1.0/24" };
  return own[node as keyof typeof own] === dst ? (world) => world : make.noRoute(node, dst);
}

function proposed(world: World, netns: string, dst: string): readonly string[] {
  return expectedRoutes(world, { of: "route", netns, table: 254, dst: ip(dst) }).map(routeText);
}

describe("to the pods of a machine in another subnet", () => {
  test("a machine goes as its neighbours do, through a router that is no machine of the cluster", () => {
    const world = apart(
      make.route("k1/host", "10.42.1.0/24", via("192.168.6.143")),
      make.route("k3/host", "10.42.0.0/24", via("192.168.6.1")),
    );
    expect(proposed(world, "k1/host", "10.42.0.3")).toEqual(["10.42.0.0/24 via 192.168.6.1 dev eth0"]);
  });

  test("or as it goes to others beyond it", () => {
    const world = apart(
      make.route("k1/host", "10.42.1.0/24", via("192.168.6.1")),
      make.route("k1/host", "198.51.100.0/24", via("192.168.6.254")),
    );
    expect(proposed(world, "k1/host", "10.42.0.3")).toEqual(["10.42.0.0/24 via 192.168.6.1 dev eth0"]);
  });
});

describe("between machines whose uplinks are named otherwise", () => {
  /** Plain routes, and an uplink of k2 by another name. */
  function plain(rename: string | null, ...changes: readonly make.Change[]): World {
    const pods = { k1: "10.42.2.0/24", k2: "10.42.0.0/24", k3: "10.42.1.0/24" };
    const host = { k1: "192.168.6.141", k2: "192.168.6.142", k3: "192.168.6.143" };
    const names = Object.keys(pods) as (keyof typeof pods)[];
    const ways = names.flatMap((from) =>
      names.flatMap((to) =>
        from === to
          ? []
          : [make.noRoute(`${from}/host`, pods[to]), make.route(`${from}/host`, pods[to], via(host[to]))],
      ),
    );
    const named = rename === null ? [] : [make.link("k2/host", "eth0", (l) => ({ ...l, name: rename }))];
    return make.made(healthy, make.all(...ways, ...named, ...changes));
  }

  test("the way to one leads to its address in the same subnet, the way from it by its own link", () => {
    const to = plain("ens3", make.noRoute("k1/host", "10.42.0.0/24"));
    expect(proposed(to, "k1/host", "10.42.0.3")).toEqual(["10.42.0.0/24 via 192.168.6.142 dev eth0"]);
    const gone = ["10.42.2.0/24", "10.42.1.0/24"].map((dst) => make.noRoute("k2/host", dst));
    const from = plain("ens3", ...gone);
    expect(proposed(from, "k2/host", "10.42.2.2")).toEqual(["10.42.2.0/24 via 192.168.6.141 dev ens3"]);
  });

  test("a namesake in another network leads nowhere", () => {
    const elsewhere = make.link("k2/host", "eth0", (l) => ({
      ...l,
      addresses: l.addresses.map((a) => ({ ...a, ip: ip("172.16.0.2"), prefix: { ...a.prefix, base: 0xac100000n } })),
    }));
    const world = plain(
      null,
      elsewhere,
      make.noRoute("k1/host", "10.42.0.0/24"),
      make.noRoute("k3/host", "10.42.0.0/24"),
    );
    expect(proposed(world, "k1/host", "10.42.0.3")).toEqual([]);
  });
});

test("of two machines, the one that goes past the tunnel's permanent neighbour departs, not the one that goes by it", () => {
  const netns = new Map([...healthy.netns].filter(([id]) => !id.startsWith("k3/")));
  const past = make.all(
    make.noRoute("k2/host", "10.42.2.0/24"),
    make.route("k2/host", "10.42.2.0/24", via("192.168.6.141")),
  );
  const world = make.made({ ...healthy, netns }, past);
  const ways = (on: string, dst: string) =>
    proposeRoutes(world, { of: "route", netns: on, table: 254, dst: ip(dst) }).map(({ edit }) => routeText(edit.route));
  expect(ways("k1/host", "10.42.0.3")).toEqual([]);
  expect(ways("k2/host", "10.42.2.2")).toEqual(["10.42.2.0/24 via 10.42.2.0 dev flannel.1 onlink"]);
});

test("to the vantage outside a machine goes as its peers go to the world", () => {
  const here = make.link("k3/host", "eth0", (l) => ({
    ...l,
    addresses: l.addresses.map((a) => ({ ...a, ip: ip("203.0.113.9") })),
  }));
  const outside = here(healthy).netns.get("k3/host");
  if (outside === undefined) throw new Error("no k3");
  const netns = new Map(healthy.netns).set("here/host", { ...outside, id: "here/host", node: "here" });
  const world = make.made({ ...healthy, netns }, make.noRoute("k1/host", "0.0.0.0/0"));
  expect(proposed(world, "k1/host", "203.0.113.9")).toEqual(["default via 192.168.6.1 dev eth0"]);
});

test("a pod's link that has left its bridge gets no route past it: the others' links are the bridge's ports", () => {
  const port = "vethd60a18ed";
  const left = make.link("k1/host", port, (l) => ({ ...l, master: null, port: null }));
  const world = make.made(healthy, left);
  expect(proposed(world, "k1/host", "10.42.2.2")).toEqual([
    "10.42.2.0/24 dev cni0 proto kernel scope link src 10.42.2.1",
  ]);
});

test("a pod's way out by a gateway that no route of its own reaches is told to be on the link", async () => {
  const { world } = await recordedCluster("ipip-healthy");
  const [pod] = [...world.netns.values()].filter(({ id }) => id.includes("/pod:"));
  const id = pod?.id ?? "";
  const way = (changed: World) => proposed(changed, id, "198.51.100.1");
  expect(way(make.made(world, make.noRoute(id, "0.0.0.0/0")))).toEqual(["default via 169.254.1.1 dev eth0"]);
  const bare = make.made(world, make.all(make.noRoute(id, "0.0.0.0/0"), make.noRoute(id, "169.254.1.1/32")));
  expect(way(bare)).toEqual(["default via 169.254.1.1 dev eth0 onlink"]);
});

test("a pod's route to its neighbours on the bridge is no overlap, though they are no ends of its wire", () => {
  const pod = "k2/pod:default/frontend-764dfd4598-gnkwp";
  const neighbour = [...healthy.netns.values()].find(
    ({ id, node, name }) => node === "k2" && name !== "host" && id !== pod,
  );
  const address = linksOf(neighbour).flatMap(({ kind, addresses }) => (kind === "loopback" ? [] : addresses))[0]?.ip;
  if (address === undefined) throw new Error("k2 has one pod");
  expect(proposed(healthy, pod, address.text)).not.toEqual([]);
  const read = { of: "route", netns: pod, table: 254, dst: address } as const;
  const branch = walk(healthy, { ...flowTo(pod, address.text, 80) }).branches[0];
  if (branch === undefined) throw new Error("nothing is walked");
  const edits = proposalsFor(healthy, read, { branch, steps: branch.steps, decided: true }).map(({ edit }) => edit.do);
  expect(edits).not.toContain("remove-route");
});
