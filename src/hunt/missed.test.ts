import { beforeAll, expect, test } from "vitest";
import * as make from "../../test/explain/faults.ts";
import { recordedCluster } from "../../test/explain/recorded-cluster.ts";
import { EVERYWHERE, flowTo, NOWHERE, triedIn } from "../../test/explain/what-happens.ts";
import type { World } from "../facts/world.ts";
import { triesToMeet, triesToMeetMissed } from "./missed.ts";

const TO_THREE = flowTo("k1/pod:default/frontend-764dfd4598-hxw42", "10.43.238.112", 80);

let healthy: World;
let broken: World;
beforeAll(async () => {
  healthy = (await recordedCluster("vxlan-healthy")).world;
  broken = make.made(healthy, make.sysctl("k2/host", "net.ipv4.ip_forward", "0"));
});

test("an endpoint of ten is missed once in 200 times, and no burst is made for one of a hundred", () => {
  expect(0.9 ** triesToMeet(0.1)).toBeLessThan(0.005);
  expect(0.9 ** (triesToMeet(0.1) - 1)).toBeGreaterThan(0.005);
  expect(triesToMeet(0.01)).toBe(64);
  expect(triesToMeet(1)).toBe(0);
});

test("a branch of next to no chance, or of none, is worth no more tries than any", () => {
  expect(triesToMeet(1e-20)).toBe(64);
  expect(triesToMeet(0)).toBe(64);
});

test("a branch that is lost and was not met is tried further", () => {
  const all = triedIn(broken, broken, TO_THREE, { ...EVERYWHERE, attempts: 6 });
  const lucky = { ...all, tries: all.tries.filter((t) => t.answered) };
  expect(triesToMeetMissed(lucky)).toBe(triesToMeet(1 / 3));
  expect(triesToMeetMissed(all)).toBe(0);
});

test("also where no tap tells which were met", () => {
  const unseen = triedIn(broken, broken, TO_THREE, { ...NOWHERE, attempts: 6 });
  expect(triesToMeetMissed(unseen)).toBe(triesToMeet(1 / 3));
});

test("what arrives on every branch is not, nor what has only one, nor what could not be tried at all", () => {
  expect(triesToMeetMissed(triedIn(healthy, healthy, TO_THREE))).toBe(0);
  expect(triesToMeetMissed(triedIn(broken, broken, flowTo("k1/host", "10.42.0.3", 8080)))).toBe(0);
  expect(triesToMeetMissed({ ...triedIn(broken, broken, TO_THREE), tries: [] })).toBe(0);
});
