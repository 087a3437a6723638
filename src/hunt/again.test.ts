import { beforeAll, expect, test } from "vitest";
import * as make from "../../test/explain/faults.ts";
import { recordedCluster } from "../../test/explain/recorded-cluster.ts";
import { flowTo, triedIn } from "../../test/explain/what-happens.ts";
import { ip } from "../facts/ip.ts";
import { known } from "../facts/provenance.ts";
import type { World } from "../facts/world.ts";
import { suspectsOf } from "../think/explain/suspect.ts";
import { stillSo } from "./again.ts";

let healthy: World;
beforeAll(async () => {
  healthy = (await recordedCluster("vxlan-healthy")).world;
});

test("what was foretold still holds only where it ends as it did, or for an address that is gone wherever it is lost", () => {
  const broken = make.made(healthy, make.sysctl("k2/host", "net.ipv4.ip_forward", "0"));
  const [suspect] = suspectsOf(triedIn(broken, broken, flowTo("k1/host", "10.42.0.3", 8080)));
  if (suspect === undefined) throw new Error("nothing is lost");
  const holds = (now: World, isWhereverLost: boolean): boolean => {
    const fresh = now.netns.get("k2/host");
    return stillSo(suspect, fresh === undefined ? [] : [fresh], isWhereverLost);
  };
  const otherwise = make.made(healthy, make.nftDrop("k2/host", "PREROUTING"));
  expect([broken, otherwise, healthy].map((now) => holds(now, false))).toEqual([true, false, false]);
  expect([broken, otherwise, healthy].map((now) => holds(now, true))).toEqual([true, true, false]);
});

test("a route to a machine that nobody read is the same when its neighbour entry has failed meanwhile", () => {
  const via = ip("192.168.6.241");
  const hop = { via, dev: "eth0", weight: 1, flags: [], encap: null };
  const change = make.all(
    make.noRoute("k1/host", "10.42.0.0/24"),
    make.route("k1/host", "10.42.0.0/24", { nexthops: [hop] }),
  );
  const astray = make.made(healthy, change);
  const [suspect] = suspectsOf(triedIn(astray, astray, flowTo("k1/host", "10.42.0.3", 8080)));
  const host = astray.netns.get("k1/host");
  if (suspect === undefined || host?.neighbours.known !== true) throw new Error("nothing is lost");
  expect(suspect.predicted?.at.end).toBe("LEFT_CLUSTER");
  const [like] = host.neighbours.value;
  if (like === undefined) throw new Error("no neighbours");
  const failed = { ...like, ip: via, dev: "eth0", mac: null, state: "FAILED" as const };
  const gone = { ...host, neighbours: known([...host.neighbours.value, failed]) };
  expect(stillSo(suspect, [gone], false)).toBe(true);
  const absent: World = { ...astray, netns: new Map(astray.netns).set(gone.id, gone) };
  const [before] = suspectsOf(triedIn(absent, absent, flowTo("k1/host", "10.42.0.3", 8080)));
  if (before === undefined) throw new Error("nothing is lost");
  expect(before.predicted?.at.end).toBe("NEIGHBOUR_FAILED");
  expect(stillSo(before, [host], false), "somebody may be there now").toBe(false);
});
