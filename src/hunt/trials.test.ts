import { expect, test } from "vitest";
import { ip } from "../facts/ip.ts";
import type { World } from "../facts/world.ts";
import type { Target } from "../think/symptom/target.ts";
import type { Place } from "./place.ts";
import { symptomTrials } from "./trials.ts";

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
