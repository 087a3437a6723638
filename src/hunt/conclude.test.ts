import { beforeAll, describe, expect, test } from "vitest";
import { said } from "../../test/said.ts";
import * as make from "../../test/explain/faults.ts";
import { FORWARDING } from "../../test/explain/conclusions.ts";
import { recordedCluster } from "../../test/explain/recorded-cluster.ts";
import { flowTo, NOWHERE, reckonOf, triedIn } from "../../test/explain/what-happens.ts";
import type { Cluster } from "../facts/cluster.ts";
import type { World } from "../facts/world.ts";
import type { NamedCause } from "../think/explain/explain.ts";
import { type Suspect, suspectsOf } from "../think/explain/suspect.ts";
import { walk } from "../think/walk/walk.ts";
import { hopSchema, lastHopSchema } from "../verdict/verdict.ts";
import { affectedBy, hopList, lastHopOf, mainSuspect, repairsOf, toFoundCause, voicesOf, weaken } from "./conclude.ts";
import type { Field } from "./field.ts";

const TO_POD = flowTo("k1/host", "10.42.0.3", 8080);

let cluster: Cluster;
let healthy: World;
let broken: World;
let seen: Suspect;
let blind: Suspect;
beforeAll(async () => {
  const of = await recordedCluster("vxlan-healthy");
  cluster = of.cluster;
  healthy = of.world;
  broken = make.made(healthy, make.sysctl("k2/host", "net.ipv4.ip_forward", "0"));
  seen = suspectsOf(triedIn(broken, broken, TO_POD))[0] as Suspect;
  blind = suspectsOf(triedIn(broken, broken, TO_POD, NOWHERE))[0] as Suspect;
});

describe("the suspect that a verdict is about", () => {
  test("was tried and seen, of those of the surest cause", () => {
    const untried = suspectsOf(triedIn(broken, broken, TO_POD, { ...NOWHERE, attempts: 0 }))[0] as Suspect;
    expect(mainSuspect([], [untried, blind, seen])).toBe(seen);
    expect(mainSuspect([], [untried, blind])).toBe(blind);
    expect(mainSuspect([], [])).toBeNull();
  });
});

describe("the last hop of a verdict", () => {
  test("is where it was last seen, what is next when all is well, and the kernel's word", () => {
    const healed = walk(healthy, TO_POD).branches[0] ?? null;
    expect(lastHopSchema.parse(lastHopOf(seen, healed, "IP_INADDRERRORS", false))).toEqual({
      node: "k2",
      netns: "host",
      interface: "flannel.1",
      direction: "in",
      leg: "request",
      header: "inner",
      expectedNext: "cni0",
      disposition: "FORWARDING_OFF",
      reason: "IP_INADDRERRORS",
    });
  });

  test("names no interface that nobody saw it at", () => {
    const real = make.rule("k1/host", "mangle/OUTPUT", [{ do: "DROP" }])(broken);
    const [nowhere] = suspectsOf(triedIn(broken, real, TO_POD));
    const last = lastHopSchema.parse(lastHopOf(nowhere as Suspect, null, null, false));
    // And the walk's end is not the packets' when they say otherwise.
    expect(last).toMatchObject({ node: "k1", netns: "host", interface: null, disposition: "UNKNOWN" });
  });
});

test("without any tap the walk says where it ends, and at no interface", () => {
  const last = lastHopSchema.parse(lastHopOf(blind, null, null, false));
  expect(last).toMatchObject({
    node: "k2",
    netns: "host",
    interface: null,
    direction: null,
    disposition: "FORWARDING_OFF",
  });
});

test("the path holds what was expected and what was seen beside it", () => {
  const beside = { netns: "k3/host", link: "eth0", direction: "in", leg: "request", header: "inner" } as const;
  const hops = hopList(seen.hops, [beside, { ...beside, direction: null }]);
  for (const hop of hops) hopSchema.parse(hop);
  expect(hops.map((h) => `${h.node} ${h.interface} ${h.predicted} ${h.witnessed}`)).toEqual([
    "k1 flannel.1 true true",
    "k1 eth0 true true",
    "k2 eth0 true true",
    "k2 flannel.1 true true",
    "k3 eth0 false true",
  ]);
  expect(hopList(blind.hops, []).every((h) => h.witnessed === null)).toBe(true);
});

describe("whom it hits", () => {
  const field = () => ({ cluster }) as Field;

  test("the pods of the node, and the Services that send packets there", () => {
    const { pods, services, node } = affectedBy(field(), FORWARDING);
    expect([...pods].sort()).toEqual(["default/backend-866b548794-rxt7n", "default/frontend-764dfd4598-gnkwp"]);
    expect([...services].sort()).toEqual(["default/backend", "default/frontend"]);
    expect(node).toBe("k2");
  });

  test("one pod where it is that pod's own link or namespace", () => {
    const pod = "default/frontend-764dfd4598-gnkwp";
    expect(affectedBy(field(), { ...FORWARDING, netns: `pod:${pod}` }).pods).toEqual([pod]);
    const link = { ...FORWARDING, id: "pod-link-down", params: { ...FORWARDING.params, pod } };
    expect(affectedBy(field(), link).pods).toEqual([pod]);
  });

  test("nobody that could be named, for what no node owns", () => {
    expect(affectedBy(field(), { ...FORWARDING, node: null }).pods).toEqual([]);
    expect(affectedBy(field(), null)).toEqual({ pods: [], services: [], node: null });
  });
});

describe("the voices", () => {
  test("speak where they spoke", async () => {
    const reckoning = await reckonOf(broken, [triedIn(broken, broken, TO_POD)]);
    const [cause] = reckoning.causes;
    const [main] = reckoning.suspects;
    expect(voicesOf(main ?? null, cause ?? null, reckoning)).toMatchObject({
      predict: { disposition: "FORWARDING_OFF", node: "k2" },
      ask: null,
      witness: { seen: 3, of: 3, node: "k2", at: "flannel.1 in" },
      whatIf: { object: "net.ipv4.ip_forward", wanted: "1", delivers: true },
      dissent: [],
    });
    expect(voicesOf(null, null, reckoning)).toMatchObject({ predict: null, witness: null, whatIf: null });
  });

  test("tell of a counter that rests", async () => {
    const moved = new Map([["k2/host", [{ name: "IpInReceives", delta: 9 }]]]);
    const reckoning = await reckonOf(broken, [triedIn(broken, broken, TO_POD)], [], moved);
    const { dissent } = voicesOf(reckoning.suspects[0] ?? null, null, reckoning);
    expect(dissent.map(said)).toEqual(["predicted FORWARDING_OFF on k2, where IpInAddrErrors did not rise"]);
  });

  test("tell what the walk could not look into, not the last thing before it", async () => {
    const xdp = make.made(
      healthy,
      make.link("k2/host", "eth0", (l) => ({ ...l, xdp: true })),
    );
    const reckoning = await reckonOf(xdp, [triedIn(xdp, xdp, TO_POD)]);
    const tries = triedIn(xdp, broken, TO_POD);
    const [lost] = suspectsOf(tries);
    const { predict } = voicesOf(lost ?? null, null, reckoning);
    expect(predict).toMatchObject({ disposition: "UNKNOWN", node: "k2" });
    expect(said(predict?.detail)).toBe("an XDP program on eth0 of k2/host may take the packet");
  });

  test("tell that packets and walk disagree, and then not what the walk foretold", async () => {
    const real = make.rule("k1/host", "mangle/OUTPUT", [{ do: "DROP" }])(broken);
    const reckoning = await reckonOf(broken, [triedIn(broken, real, TO_POD)]);
    const voices = voicesOf(reckoning.suspects[0] ?? null, null, reckoning);
    expect(voices.predict).toBeNull();
    expect(voices.dissent.map(said)).toEqual(["predicted FORWARDING_OFF on k2 flannel.1, the packets say otherwise"]);
  });
});

test("what was confirmed before is likely when it has changed since", () => {
  expect((["confirmed", "likely", "suspected"] as const).map(weaken)).toEqual(["likely", "likely", "suspected"]);
});

test("a found cause keeps what its words need", async () => {
  const { causes } = await reckonOf(broken, [triedIn(broken, broken, TO_POD)]);
  expect(causes.map(toFoundCause)).toEqual([FORWARDING]);
});

describe("the repairs", () => {
  test("of the confirmed first of several causes are proven, those of what waits behind it are not", async () => {
    const series = make.rule("k2/host", "filter/FORWARD", [{ do: "DROP" }])(broken);
    const { causes } = await reckonOf(series, [triedIn(series, series, TO_POD)]);
    expect(causes.map((c) => [c.id, c.confidence, c.proven])).toEqual([
      ["ip-forward-off", "confirmed", false],
      ["forward-drop", "likely", false],
    ]);
    const proven = (confidence: "confirmed" | "likely") => repairsOf(causes, confidence).map((r) => r.proven);
    expect(proven("confirmed")).toEqual([true, false]);
    expect(proven("likely")).toEqual([false, false]);
  });

  test("of what is likely waits, though it would deliver by itself elsewhere", async () => {
    const { causes } = await reckonOf(broken, [triedIn(broken, broken, TO_POD)]);
    const [first] = causes as [NamedCause];
    const others = (["confirmed", "likely"] as const).map((confidence) => ({ ...first, confidence, proven: true }));
    expect(repairsOf([first, ...others], "confirmed").map((r) => r.proven)).toEqual([true, true, false]);
  });
});
