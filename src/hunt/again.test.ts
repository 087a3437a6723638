import { beforeAll, expect, test } from "vitest";
import * as make from "../../test/explain/faults.ts";
import { recordedCluster } from "../../test/explain/recorded-cluster.ts";
import { flowTo, triedIn } from "../../test/explain/what-happens.ts";
import type { World } from "../facts/world.ts";
import { suspectsOf } from "../think/explain/suspect.ts";
import { stillSo } from "./again.ts";
import type { Field } from "./field.ts";

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
    return stillSo({ world: broken } as Field, suspect, fresh === undefined ? [] : [fresh], isWhereverLost);
  };
  const otherwise = make.made(healthy, make.nftDrop("k2/host", "PREROUTING"));
  expect([broken, otherwise, healthy].map((now) => holds(now, false))).toEqual([true, false, false]);
  expect([broken, otherwise, healthy].map((now) => holds(now, true))).toEqual([true, true, false]);
});
