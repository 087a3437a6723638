import { beforeAll, describe, expect, test } from "vitest";
import * as make from "../../test/explain/faults.ts";
import * as made from "../../test/explain/objects.ts";
import { recordedCluster } from "../../test/explain/recorded-cluster.ts";
import { flowTo, told, triedIn } from "../../test/explain/what-happens.ts";
import { ip } from "../facts/ip.ts";
import type { World } from "../facts/world.ts";
import type { Tried } from "../think/explain/suspect.ts";
import type { Target } from "../think/symptom/target.ts";
import type { Examined } from "./examination.ts";
import { type Field, Notebook } from "./field.ts";
import type { Investigation } from "./investigation.ts";
import type { ObjectFault } from "./rungs/object-fault.ts";
import type { Tries } from "./tries.ts";
import { weigh } from "./weigh.ts";

const CLIENT = "k1/pod:default/frontend-764dfd4598-hxw42";

let broken: World;
beforeAll(async () => {
  const { world } = await recordedCluster("vxlan-healthy");
  broken = make.made(world, make.sysctl("k2/host", "net.ipv4.ip_forward", "0"));
});

function examined(tried: Tried): Examined {
  const answers = tried.tries.map((t, i) => ({
    n: i + 1,
    outcome: t.answered ? "answered" : "timeout",
    httpStatus: null,
  }));
  return { trial: { flow: tried.flow, walk: tried.walk }, tried, result: { answers } } as unknown as Examined;
}

/** The first endpoint is asked as the symptom and answers; both are asked directly, and the one on k2 does not. */
async function weighed(
  through: "headless" | "cluster-ip",
  [at, ...alsoAt]: readonly [string, ...string[]] = ["10.42.2.2"],
  fault: ObjectFault | null = null,
) {
  const tried = (address: string) => examined(triedIn(broken, broken, flowTo(CLIENT, address, 8080)));
  const object = made.service("frontend", "10.43.238.112");
  const service = { object, through } as Target["service"];
  const faced = {
    target: { protocol: "tcp", ip: ip(at), alsoAt: alsoAt.map(ip), port: 8080, service },
    places: [],
    endpoints: ["10.42.2.2", "10.42.0.3"].map((address) => made.endpoint("frontend", address)),
    symptom: [at, ...alsoAt].map(tried),
    adopted: [],
    direct: [tried("10.42.2.2"), tried("10.42.0.3")],
    home: [],
    examination: { examined: [], frames: [], reports: [], moved: new Map(), reasons: [], endedAt: 0, kept: [] },
  } as unknown as Investigation;
  const tries = {
    target: faced.target,
    faced,
    behind: null,
    objects: { fault, endpoints: fault?.leadsTo ?? [] },
    recording: {},
  } as unknown as Tries;
  const cluster = made.clusterOf({ services: [object] });
  const field = {
    world: broken,
    cluster,
    now: () => 0,
    usedMs: () => 0,
    reader: { offline: true },
  } as unknown as Field;
  return weigh(field, tries, [], new Notebook());
}

test("every endpoint of a headless Service is the symptom itself", async () => {
  const { causes, symptomFailed } = await weighed("headless");
  expect(symptomFailed).toBe(true);
  expect(causes.map(told)).toEqual(["confirmed ip-forward-off k2 net.ipv4.ip_forward"]);
});

test("an endpoint of another Service that its address did not lead to is beside it", async () => {
  const { symptomFailed } = await weighed("cluster-ip");
  expect(symptomFailed).toBe(false);
});

describe("an object at fault", () => {
  const BACKEND = "10.43.18.19";
  const UNKNOWN = "10.43.18.20";
  const leadsTo = ["10.42.0.2", "10.42.1.3"].map((address) => made.endpoint("backend", address));
  const fault: ObjectFault = { cause: { id: "svc-no-ready-endpoints" } as ObjectFault["cause"], repair: null, leadsTo };

  test("hides nothing from a way that leads to one of the Service's endpoints", async () => {
    const { causes, fault: said } = await weighed("cluster-ip", [BACKEND], fault);
    expect(said).toBeNull();
    expect(causes.map(told)).toEqual(["confirmed ip-forward-off k2 net.ipv4.ip_forward"]);
  });

  test("is what is wrong where no way leads to any", async () => {
    const { causes, fault: said } = await weighed("cluster-ip", [UNKNOWN], fault);
    expect(said).toBe(fault);
    expect(causes).toEqual([]);
  });

  test("explains the ways that it keeps out, and no others", async () => {
    const { causes, fault: said, main } = await weighed("cluster-ip", [BACKEND, UNKNOWN], fault);
    expect(said).toBe(fault);
    expect(main?.tried.flow.dst.text).toBe(UNKNOWN);
    expect(causes.map(told)).toEqual(["confirmed ip-forward-off k2 net.ipv4.ip_forward"]);
  });

  test("is so for a headless Service as well, whose endpoints nothing has to lead to", async () => {
    const own = { ...fault, leadsTo: [made.endpoint("frontend", "10.42.0.3")] };
    expect((await weighed("headless", ["10.42.0.3"], own)).fault).toBe(own);
  });
});
