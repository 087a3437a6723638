import { expect, test } from "vitest";
import { ip } from "../facts/ip.ts";
import type { TrailPoint } from "../witness/correlate/trail-point.ts";
import type { SeenHeader, Sighting } from "../witness/sighting.ts";
import { type Legs, lostOn } from "./trails.ts";

const SENDER = "k1/pod:default/web";
const THERE = ["k1/host", "k2/host"];
const BACK = ["k2/host", "k1/host"];
const ALL = () => true;
/** Of a recording: pods' namespaces had no taps. */
const NODES = (netns: string): boolean => netns.endsWith("/host");

/** Where packets of a connection were seen, in order. */
function legs(request: readonly string[], reply: readonly string[]): Legs {
  const [client, server] = [ip("10.42.0.2"), ip("10.42.1.2")];
  const seen = (leg: Sighting["leg"], places: readonly string[]): readonly TrailPoint[] =>
    places.map((netns, order) => {
      const [src, dst] = leg === "request" ? [client, server] : [server, client];
      const [sport, dport] = leg === "request" ? [40_000, 80] : [80, 40_000];
      const headers = [
        { kind: "ip", src, dst },
        { kind: "tcp", sport, dport, rst: false },
      ] as unknown as SeenHeader[];
      return { sighting: { netns, leg, order, headers } as unknown as Sighting } as TrailPoint;
    });
  return { request: seen("request", request), reply: seen("reply", reply) };
}

const OPENED = legs(THERE, BACK);

test("what is asked on a connection that stood, and does not come as far as its first packet, is lost", () => {
  const said = legs(["k1/host"], []);
  expect(lostOn(OPENED, said, SENDER, NODES)).toEqual({ request: said.request, reply: [] });
  expect(lostOn(OPENED, legs(THERE, []), SENDER, NODES), "a server that is silent").toBeNull();
});

test("an answer that does not come as far back as the acceptance did is lost, where the sender was not tapped", () => {
  const said = legs(THERE, ["k2/host"]);
  expect(lostOn(OPENED, said, SENDER, NODES)).toBe(said);
  expect(lostOn(OPENED, legs(THERE, BACK), SENDER, NODES)).toBeNull();
  expect(
    lostOn(OPENED, said, SENDER, (netns) => netns === "k2/host"),
    "nobody listened there",
  ).toBeNull();
});

test("where the sender was tapped it is lost unless it came to the sender", () => {
  const opened = legs([SENDER, ...THERE], [...BACK, SENDER]);
  const said = legs([SENDER, ...THERE], BACK);
  expect(lostOn(opened, said, SENDER, ALL)).toBe(said);
  expect(lostOn(opened, legs([SENDER, ...THERE], [...BACK, SENDER]), SENDER, ALL)).toBeNull();
});

test("a server that speaks first has lost no request", () => {
  expect(lostOn(OPENED, legs([], BACK), SENDER, NODES)).toBeNull();
});
