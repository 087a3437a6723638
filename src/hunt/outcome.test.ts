import { beforeAll, describe, expect, test } from "vitest";
import * as make from "../../test/explain/faults.ts";
import * as made from "../../test/explain/objects.ts";
import { recordedCluster } from "../../test/explain/recorded-cluster.ts";
import { EVERYWHERE, flowTo, triedIn } from "../../test/explain/what-happens.ts";
import type { World } from "../facts/world.ts";
import type { Tried } from "../think/explain/suspect.ts";
import type { Flow } from "../think/walk/branch.ts";
import type { Answer } from "../witness/probe/probe.ts";
import type { Examined } from "./examination.ts";
import type { Field } from "./field.ts";
import type { Investigation } from "./investigation.ts";
import { branchRows, fateOf, hasDeadBranch, notDoomed } from "./outcome.ts";
import { hostPlace, placeOf } from "./place.ts";

const CLIENT = "k1/pod:default/frontend-764dfd4598-hxw42";
const TO_SERVICE = flowTo(CLIENT, "10.43.238.112", 80);
const ENDPOINTS = ["10.42.0.3", "10.42.1.2", "10.42.2.2"];

let healthy: World;
let broken: World;
beforeAll(async () => {
  healthy = (await recordedCluster("vxlan-healthy")).world;
  broken = make.made(healthy, make.sysctl("k2/host", "net.ipv4.ip_forward", "0"));
});

function examined(tried: Tried): Examined {
  const answers = tried.tries.map(
    (t, i): Answer => ({
      n: i + 1,
      outcome: t.answered ? "answered" : "timeout",
      httpStatus: null,
      ms: t.ms,
      sport: null,
      detail: "",
    }),
  );
  const probe = { id: tried.id, kind: "tcp", attempts: answers.length } as Examined["trial"]["probe"];
  return {
    trial: { flow: tried.flow, walk: tried.walk, probe },
    tried,
    result: { probe, answers, tracers: [], tool: "curl", notChecked: [] },
  };
}

function investigation(
  symptom: readonly Tried[],
  direct: readonly Tried[],
  protocol: Flow["protocol"] = "tcp",
): Investigation {
  const from = placeOf(healthy, CLIENT);
  if (from === null) throw new Error("no client");
  return {
    target: { protocol, ip: TO_SERVICE.dst, port: 80, url: null, service: null, pod: null, entry: null },
    places: [from],
    endpoints: ENDPOINTS.map((address) => made.endpoint("frontend", address)),
    symptom: symptom.map(examined),
    adopted: [],
    direct: direct.map(examined),
    home: [],
    examination: { examined: [], frames: [], reports: [], moved: new Map(), reasons: [], endedAt: 0, kept: [] },
  };
}

/** The Service tried by nobody but those whom chance led past the dead endpoint. */
function lucky(world: World): Tried {
  const all = triedIn(world, world, TO_SERVICE, { ...EVERYWHERE, attempts: 6 });
  return { ...all, tries: all.tries.filter((t) => t.answered) };
}

const directTo = (world: World) => ENDPOINTS.map((address) => triedIn(world, world, flowTo("k1/host", address, 8080)));

describe("tries that happened to miss a dead endpoint prove nothing", () => {
  test("it is dead when the walk says so and its endpoint is silent", () => {
    expect(hasDeadBranch(investigation([lucky(broken)], directTo(broken)))).toBe(true);
    expect(notDoomed(investigation([lucky(broken)], directTo(broken)))).toBe(false);
  });

  test("neither alone is enough: the walk may be wrong, the endpoint may be deaf to others", () => {
    expect(hasDeadBranch(investigation([lucky(broken)], directTo(healthy)))).toBe(false);
    expect(hasDeadBranch(investigation([lucky(healthy)], directTo(broken)))).toBe(false);
    expect(hasDeadBranch(investigation([lucky(broken)], []))).toBe(false);
  });

  test("an endpoint that does not answer directly forbids to call it healthy, unless tries got through to it", () => {
    const missed = lucky(broken);
    expect(notDoomed(investigation([missed], directTo(broken)))).toBe(false);
    const served = triedIn(healthy, healthy, TO_SERVICE, { ...EVERYWHERE, attempts: 6 });
    expect(notDoomed(investigation([served], directTo(broken)))).toBe(true);
    expect(notDoomed(investigation([served], directTo(healthy)))).toBe(true);
  });

  test("not where those tries came from another place than the probe, and from there none went to it", () => {
    const served = triedIn(healthy, healthy, TO_SERVICE, { ...EVERYWHERE, attempts: 6 });
    const elsewhere: Tried = { ...served, id: "s2", flow: { ...served.flow, from: "k2/pod:default/backend" } };
    const direct = ENDPOINTS.map((address) => triedIn(broken, broken, flowTo(CLIENT, address, 8080)));
    expect(notDoomed(investigation([lucky(broken), elsewhere], direct))).toBe(false);
    expect(notDoomed(investigation([served, elsewhere], direct))).toBe(true);
  });
});

describe("what a mended Service would deliver to", () => {
  const field = (world: World) => ({ world }) as Field;
  const candidate = (address: string) => made.endpoint("frontend", address);

  test("every pod that it would select, from everywhere", () => {
    const of = investigation([], []);
    expect(fateOf(field(healthy), of, ENDPOINTS.map(candidate))).toBe("delivered");
    expect(fateOf(field(broken), of, ENDPOINTS.map(candidate))).toBe("lost");
    expect(fateOf(field(broken), of, [candidate("10.42.1.2")])).toBe("delivered");
  });

  test("nobody is nobody", () => expect(fateOf(field(healthy), investigation([], []), [])).toBe("not known"));

  test("not a pod that nobody listens in, nor a way that is not known", () => {
    const of = investigation([], []);
    expect(fateOf(field(healthy), of, [{ ...candidate("10.42.0.3"), port: 9999 }])).toBe("not known");
    expect(fateOf(field(healthy), of, [candidate("203.0.113.9")])).toBe("not known");
  });
});

describe("branches in a verdict", () => {
  test("count the tries that took them, by where they were seen to go", () => {
    const all = triedIn(broken, broken, TO_SERVICE, { ...EVERYWHERE, attempts: 6 });
    const rows = branchRows(investigation([all], []), null);
    expect(Object.fromEntries(rows.map((r) => [r.to, `${r.answered}/${r.attempts} ${r.predicted}`]))).toEqual({
      "10.42.0.3:8080": "0/2 FORWARDING_OFF",
      "10.42.1.2:8080": "2/2 DELIVERED",
      "10.42.2.2:8080": "2/2 DELIVERED",
    });
  });

  test("add up what was asked directly, and name the end of a reply that is lost", () => {
    const noWayBack = make.rule(
      "k2/host",
      "filter/FORWARD",
      [{ do: "DROP" }],
      [{ match: "in", negate: false, name: "cni0" }],
    )(healthy);
    const direct = triedIn(noWayBack, noWayBack, flowTo("k1/host", "10.42.0.3", 8080));
    expect(branchRows(investigation([], [direct, direct]), null)).toEqual([
      { to: "10.42.0.3:8080", attempts: 6, answered: 0, predicted: "NETFILTER_DROP" },
    ]);
    const echo = triedIn(healthy, healthy, flowTo("k1/host", "10.42.0.3", 0, { protocol: "icmp", bytes: 84 }));
    expect(branchRows(investigation([], [echo], "icmp"), null)[0]?.to).toBe("10.42.0.3");
  });

  test("leave out what else went between the same two", () => {
    const page = triedIn(healthy, healthy, flowTo("k1/host", "10.42.0.3", 8080));
    const echo = triedIn(healthy, healthy, flowTo("k1/host", "10.42.0.3", 0, { protocol: "icmp", bytes: 84 }));
    const adopted = { ...investigation([], [page]), adopted: [examined(echo)] };
    expect(branchRows(adopted, null).map((row) => row.to)).toEqual(["10.42.0.3:8080"]);
  });

  test("are those behind a gateway where one was followed", () => {
    const behind = investigation([triedIn(broken, broken, flowTo("k1/host", "10.42.0.3", 8080))], []);
    expect(branchRows(investigation([lucky(healthy)], []), behind).map((r) => r.to)).toEqual(["10.42.0.3:8080"]);
  });
});

test("a node's own place is its host", () => {
  expect(hostPlace(healthy, "k2")).toMatchObject({ netns: "k2/host", node: "k2", path: null });
  expect(hostPlace(healthy, "k9")).toBeNull();
});
