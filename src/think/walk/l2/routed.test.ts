import { beforeAll, describe, expect, test } from "vitest";
import * as make from "../../../../test/explain/faults.ts";
import { recordedCluster } from "../../../../test/explain/recorded-cluster.ts";
import { flowTo } from "../../../../test/explain/what-happens.ts";
import { ip } from "../../../facts/ip.ts";
import type { NetnsId } from "../../../facts/provenance.ts";
import { linksOf, type World } from "../../../facts/world.ts";
import { tapPoints } from "../branch.ts";
import { replaceTable } from "../edits/replace-table.ts";
import { walk } from "../walk.ts";

const ROUTER = { via: ip("192.168.6.1"), dev: "eth0", weight: 1, flags: [], encap: null };
const NODES = ["k1/host", "k2/host", "k3/host"];
const TO_POD = flowTo("k1/host", "10.42.0.3", 8080);

let healthy: World;
/** Each node reaches the others through a router that was not collected. */
let routed: World;
beforeAll(async () => {
  healthy = (await recordedCluster("vxlan-healthy")).world;
  routed = make.made(healthy, make.all(...NODES.map((node) => make.noRoute(node, "192.168.6.0/24"))));
});

function way(world: World): string {
  const [branch] = walk(world, TO_POD).branches;
  if (branch === undefined) throw new Error("no branch");
  const ends = [branch.end, ...branch.reply.map((back) => back.end)];
  const crossed = tapPoints(branch).filter((p) => p.link === "eth0" && p.netns.endsWith("/host"));
  return `${ends.join(" ")}: ${crossed.map((p) => `${p.netns} ${p.direction}`).join(", ")}`;
}

/** As a machine has its neighbours where the fabric's router answers ARP for everybody. */
function answeredFor(netns: NetnsId, macs: Readonly<Record<string, string>>, state = "REACHABLE"): make.Change {
  return (world) => {
    const because = linksOf(world.netns.get(netns))[0]?.because;
    if (because === undefined) throw new Error(`${netns} has no links`);
    return replaceTable(world, netns, "neighbours", (rows) => [
      ...rows.filter((row) => !(row.ip.text in macs)),
      ...Object.entries(macs).map(([address, mac]) => ({
        ip: ip(address),
        dev: "eth0",
        mac,
        state,
        proxy: false,
        because,
      })),
    ]);
  };
}

describe("where a router answers ARP for all", () => {
  const FABRIC = "12:34:56:78:9a:bc";

  test("its address leads to the machine that was meant", () => {
    const all = answeredFor("k1/host", { "192.168.6.1": FABRIC, "192.168.6.142": FABRIC });
    expect(way(make.made(healthy, all))).toMatch(/^DELIVERED DELIVERED: k1\/host out, k2\/host in/);
  });

  test("its address is wrong where somebody has set it for good: nothing says that the router answered", () => {
    const router = answeredFor("k1/host", { "192.168.6.1": FABRIC });
    const set = answeredFor("k1/host", { "192.168.6.142": FABRIC }, "PERMANENT");
    expect(way(make.made(healthy, make.all(router, set)))).toBe("WRONG_MAC: k1/host out");
  });

  test("an address that no router has is wrong", () => {
    const stale = answeredFor("k1/host", { "192.168.6.1": FABRIC, "192.168.6.142": "02:00:00:00:00:99" });
    expect(way(make.made(healthy, stale))).toBe("WRONG_MAC: k1/host out");
  });
});

describe("a router that was not collected", () => {
  test("takes what is addressed to another machine there, and the answer back", () => {
    expect(way(routed)).toBe("DELIVERED DELIVERED: k1/host out, k2/host in, k2/host out, k1/host in");
  });

  /** A node's route to the pods of another. */
  const podsBy = (node: NetnsId, pods: string, hop: typeof ROUTER): make.Change =>
    make.all(make.noRoute(node, pods), make.route(node, pods, { nexthops: [hop] }));

  test("takes nothing to a machine that answers on the segment: a route of one side alone may be the fault", () => {
    const alone = make.route("k1/host", "192.168.6.142/32", { nexthops: [ROUTER] });
    expect(way(make.made(healthy, alone))).toBe("LEFT_CLUSTER: k1/host out");
  });

  test("takes what the other machine has no way back for: that is a loss of the answer", () => {
    const lost = make.made(routed, make.noRoute("k2/host", "0.0.0.0/0"));
    expect(way(lost)).toMatch(/^DELIVERED (?!DELIVERED)\w+: k1\/host out, k2\/host in/);
  });

  test("takes to pods what routes on both sides say that it does", () => {
    const both = make.all(podsBy("k1/host", "10.42.0.0/24", ROUTER), podsBy("k2/host", "10.42.2.0/24", ROUTER));
    expect(way(make.made(routed, both))).toMatch(/^DELIVERED DELIVERED: k1\/host out, k2\/host in/);
  });

  test("knows nothing of pods where one side alone has a route to it: that may be the fault", () => {
    const alone = podsBy("k1/host", "10.42.0.0/24", ROUTER);
    expect(way(make.made(healthy, alone))).toBe("LEFT_CLUSTER: k1/host out");
    const other = { ...ROUTER, via: ip("192.168.6.9") };
    const apart = make.all(alone, podsBy("k2/host", "10.42.2.0/24", other));
    expect(way(make.made(healthy, apart))).toBe("LEFT_CLUSTER: k1/host out");
  });

  test("knows nothing of pods for a node that has none, where another beside the router goes another way", () => {
    const bare: make.Change = (world) => ({
      ...world,
      netns: new Map(
        [...world.netns].flatMap(([id, netns]) =>
          id.startsWith("k1/pod:")
            ? []
            : [
                [
                  id,
                  id !== "k1/host" || !netns.links.known
                    ? netns
                    : {
                        ...netns,
                        links: {
                          ...netns.links,
                          value: netns.links.value.filter((l) => l.name === "eth0" || l.name === "lo"),
                        },
                      },
                ] as const,
              ],
        ),
      ),
    });
    expect(way(make.made(healthy, make.all(podsBy("k1/host", "10.42.0.0/24", ROUTER), bare)))).toBe(
      "LEFT_CLUSTER: k1/host out",
    );
  });

  test("may know as little of pods as the machine whose default route leads to it", () => {
    expect(way(make.made(healthy, make.noRoute("k1/host", "10.42.0.0/24")))).toBe("LEFT_CLUSTER: k1/host out");
  });

  test("is in the network of the link that leads to it", () => {
    const astray = make.all(
      make.noRoute("k1/host", "10.42.0.0/24"),
      make.route("k1/host", "10.42.0.0/24", { nexthops: [{ ...ROUTER, via: ip("198.51.100.1") }] }),
    );
    expect(way(make.made(routed, astray))).not.toMatch(/k2\/host in/);
  });
});
