import { beforeAll, expect, test } from "vitest";
import { recordedCluster } from "../../test/explain/recorded-cluster.ts";
import { ip } from "../facts/ip.ts";
import type { World } from "../facts/world.ts";
import type { Trail } from "../witness/correlate/trail.ts";
import type { Answer, Outcome, ProbeResult } from "../witness/probe/probe.ts";
import type { SeenHeader } from "../witness/sighting.ts";
import { asWitnessed } from "./datagrams.ts";

const BACKEND = "k2/pod:default/backend-866b548794-rxt7n";

let world: World;
beforeAll(async () => {
  ({ world } = await recordedCluster("vxlan-healthy"));
});

/** What becomes of attempts to a silent port of the backend, whose last sightings are given; null: never seen. */
function outcomes(seenLast: readonly (string | null)[], deaf: string | null = null): readonly Outcome[] {
  const to = ip("10.42.0.2");
  const common = { id: "s1", from: { netns: "k1/host" }, dst: ip("192.168.6.142"), attempts: seenLast.length };
  const probe = { ...common, alsoTo: [{ ip: to, port: 8125 }] } as unknown as ProbeResult["probe"];
  // Seen on the entry's own link it is still for the NodePort.
  const headersAt = (netns: string): readonly SeenHeader[] => [
    { kind: "ip", dst: netns === BACKEND ? to : common.dst } as SeenHeader,
    { kind: "udp", dport: netns === BACKEND ? 8125 : 30_125 } as SeenHeader,
  ];
  const trails = new Map(
    seenLast.flatMap((netns, i) =>
      netns === null
        ? []
        : [
            [
              `s1#${i + 1}`,
              { request: [{ sighting: { netns, headers: headersAt(netns) } }] } as unknown as Trail,
            ] as const,
          ],
    ),
  );
  const answers = seenLast.map(
    (_, i): Answer => ({ n: i + 1, outcome: "sent", httpStatus: null, ms: null, sport: null, detail: "" }),
  );
  const result: ProbeResult = { probe, answers, tracers: [], tool: "bash", notChecked: [] };
  return asWitnessed(result, world, trails, (netns) => netns !== deaf).answers.map(({ outcome }) => outcome);
}

test("a datagram that nobody answers is delivered where it was seen to arrive, and lost where it was not", () => {
  expect(outcomes([BACKEND, "k2/host", null])).toEqual(["delivered", "sent", "sent"]);
});

test("what nobody could have heard was no try", () => {
  expect(outcomes(["k2/host"], BACKEND)).toEqual([]);
  expect(outcomes([null], "k1/host")).toEqual([]);
  expect(outcomes([BACKEND], BACKEND)).toEqual(["delivered"]);
});
