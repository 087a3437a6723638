import { expect, test } from "vitest";
import * as made from "../../test/explain/objects.ts";
import { ip } from "../facts/ip.ts";
import type { World } from "../facts/world.ts";
import type { Target } from "../think/symptom/target.ts";
import type { Place } from "./place.ts";
import type { Trial } from "./examination.ts";
import { mostTellingFirst, symptomTrials } from "./trials.ts";

const world: World = { netns: new Map(), wires: [] } as never;
const place = { node: "k1", netns: "k1/host" } as unknown as Place;
const target: Target = {
  protocol: "tcp",
  ip: ip("10.43.0.11"),
  alsoAt: [ip("fd43::11")],
  port: 80,
  url: "http://10.43.0.11:80/health?full=1",
  service: null,
  pod: null,
  entry: null,
};

function asked(of: Target) {
  return symptomTrials(world, of, [place], "").map(({ probe }) => {
    const { id, dst } = probe;
    return probe.kind === "http" ? `${id} ${dst.text} ${probe.host} ${probe.path}` : `${id} ${dst.text}`;
  });
}

test("what was named is tried at its addresses of both families", () => {
  expect(asked(target)).toEqual(["s1 10.43.0.11 null /health?full=1", "s2 fd43::11 null /health?full=1"]);
});

test("a page asked for by name is asked for by name at both", () => {
  expect(asked({ ...target, url: "http://backend.shop.svc/" })).toEqual([
    "s1 10.43.0.11 backend.shop.svc /",
    "s2 fd43::11 backend.shop.svc /",
  ]);
});

test("of many ways those that the walk loses come first, then one of every pair of nodes", () => {
  const trial = (from: string, dst: string, end = "DELIVERED"): Trial =>
    ({
      flow: { from, dst: ip(dst) },
      walk: { branches: [{ end, reply: [{ end: "DELIVERED" }] }] },
    }) as unknown as Trial;
  const ends = [
    made.endpoint("web", "10.42.1.1"),
    made.endpoint("web", "10.42.1.2"),
    made.endpoint("web", "10.42.2.1"),
  ];
  const endpoints = ends.map((e, i) => ({ ...e, node: i < 2 ? "k1" : "k2" }));
  const trials = ["k1/host", "k3/host"].flatMap((from) => [
    trial(from, "10.42.1.1"),
    trial(from, "10.42.1.2", from === "k3/host" ? "NO_ROUTE" : "DELIVERED"),
    trial(from, "10.42.2.1"),
  ]);
  const order = mostTellingFirst(trials, endpoints).map(({ flow }) => `${flow.from} ${flow.dst.text}`);
  expect(order).toEqual([
    "k3/host 10.42.1.2",
    "k1/host 10.42.1.1",
    "k1/host 10.42.2.1",
    "k3/host 10.42.1.1",
    "k3/host 10.42.2.1",
    "k1/host 10.42.1.2",
  ]);
});
