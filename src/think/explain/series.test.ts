import { beforeAll, expect, test } from "vitest";
import * as make from "../../../test/explain/faults.ts";
import { recordedCluster } from "../../../test/explain/recorded-cluster.ts";
import { flowTo } from "../../../test/explain/what-happens.ts";
import { ip } from "../../facts/ip.ts";
import { ZERO_MAC } from "../../facts/lookup/fdb.ts";
import type { World } from "../../facts/world.ts";
import type { Edit } from "../walk/edits/edit.ts";
import { applyEdits } from "../walk/edits/edit-kinds.ts";
import { replaceTable } from "../walk/edits/replace-table.ts";
import { failureAfter, nextStage } from "./series.ts";

const BACKEND = { ip: ip("10.42.0.3"), port: 8080 };
const FLOW = flowTo("k1/host", BACKEND.ip.text, BACKEND.port);

let healthy: World;
beforeAll(async () => {
  healthy = (await recordedCluster("vxlan-healthy")).world;
});

function stageIn(world: World, edits: readonly Edit[]) {
  const at = failureAfter(world, FLOW, BACKEND);
  if (at === null) throw new Error("nothing is broken");
  const { needed, edits: ordered } = nextStage(world, FLOW, BACKEND, at, edits);
  return { end: at.end, first: ordered.slice(0, needed).map((edit) => edit.do) };
}

/** A tunnel that learns: who has an address is asked of all that it floods to. */
function floods(netns: string, mac: string, to: string): make.Change {
  return (world) =>
    replaceTable(world, netns, "fdb", (rows) => {
      const like = rows.find((r) => r.dev === "flannel.1");
      return like === undefined ? rows : [...rows, { ...like, mac, dst: ip(to), permanent: true }];
    });
}

test("of causes in series the first is the one that lets the packet come on, not one that stops it sooner", () => {
  // k2's tunnel was made anew: another VNI, and another MAC address than k1 remembers.
  const anew = make.all(
    make.link("k2/host", "flannel.1", (l) => (l.vxlan === null ? l : { ...l, vxlan: { ...l.vxlan, vni: 7 } })),
    make.wrongNeighbour("k1/host", "10.42.0.0"),
    floods("k1/host", "02:00:00:00:00:99", "192.168.6.142"),
    floods("k1/host", ZERO_MAC, "192.168.6.142"),
    floods("k2/host", ZERO_MAC, "192.168.6.141"),
  );
  const forget: Edit = { do: "remove-neighbour", netns: "k1/host", dev: "flannel.1", ip: ip("10.42.0.0") };
  const setVni: Edit = { do: "set-vxlan", netns: "k2/host", link: "flannel.1", vni: 1, dstPort: 8472 };
  const broken = make.made(healthy, anew);
  expect(failureAfter(applyEdits(broken, [forget, setVni]), FLOW, BACKEND)).toBe(null);
  expect(stageIn(broken, [forget, setVni])).toEqual({ end: "TUNNEL_NO_DEVICE", first: ["set-vxlan"] });
});
