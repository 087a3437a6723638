import { beforeAll, describe, expect, test } from "vitest";
import { said } from "../../test/said.ts";
import { recordedCluster } from "../../test/explain/recorded-cluster.ts";
import type { Cluster } from "../facts/cluster.ts";
import { known, unknown } from "../facts/provenance.ts";
import type { World } from "../facts/world.ts";
import { parseSymptom } from "../think/symptom/symptom.ts";
import { isTargetError, resolveTarget } from "../think/symptom/target.ts";
import { HERE, isFromError, namedPlace, usualPlaces } from "./place.ts";

const FRONTEND = [
  "default/frontend-764dfd4598-hxw42",
  "default/frontend-764dfd4598-gnkwp",
  "default/frontend-764dfd4598-hvw2j",
];

let cluster: Cluster;
let world: World;
/** With a vantage outside of the cluster, as the machine has one that runs the hunt. */
let withHere: World;
beforeAll(async () => {
  ({ cluster, world } = await recordedCluster("vxlan-healthy"));
  const k1 = world.netns.get("k1/host");
  if (k1 === undefined) throw new Error("no k1");
  withHere = { ...world, netns: new Map(world.netns).set("here/host", { ...k1, id: "here/host", node: HERE }) };
});

function places(input: string, on: World = world, most = 8, of: Cluster = cluster): readonly string[] {
  const symptom = parseSymptom(input, "default");
  if ("error" in symptom) throw new Error(input);
  const target = resolveTarget(symptom, cluster);
  if (isTargetError(target)) throw new Error(target.error);
  return usualPlaces(symptom, target, on, of, most).places.map((p) => `${p.netns} (${said(p.label)})`);
}

describe("where a symptom is tried from", () => {
  test("an address as its users do: from outside, else from a node that it is not", () => {
    expect(places("http://192.168.6.141:30007/", withHere)).toEqual(["here/host (this machine)"]);
    expect(places("http://192.168.6.141:30007/")).toEqual(["k2/host (k2)"]);
    expect(places("192.168.6.142:30007")).toEqual(["k3/host (k3)"]);
  });

  test("a Service from inside, from one pod on every node, one that does not serve it where there is one", () => {
    const of = places("svc/frontend", withHere);
    expect(of.map((p) => p.slice(0, 2)).sort()).toEqual(["k1", "k2", "k3"]);
    expect(of).toContain("k2/pod:default/backend-866b548794-rxt7n (default/backend-866b548794-rxt7n)");
    // On k1 there is none but its own.
    expect(of.some((p) => p.includes("hxw42"))).toBe(true);
  });

  test("so does what lies inside by its address alone", () => {
    for (const input of ["10.43.18.19:8080", "http://10.42.0.3:8080/", "pod/backend-866b548794-rxt7n"]) {
      expect(places(input, withHere).length).toBe(3);
    }
  });

  test("from as many as are wanted, and only from nodes that could be read", () => {
    expect(places("svc/frontend", world, 2).length).toBe(2);
    const k2 = world.netns.get("k2/host");
    if (k2 === undefined) throw new Error("no k2");
    const blind = {
      ...world,
      netns: new Map(world.netns).set("k2/host", { ...k2, links: unknown("no route to host") }),
    };
    expect(places("svc/frontend", blind).some((p) => p.startsWith("k2"))).toBe(false);
  });

  test("not from a pod that the policies keep from it, as long as they let another one in", () => {
    const selector = (app: string) => ({ labels: { app }, expressions: [] });
    const policy = (from: string | null): Cluster => {
      const peer = { is: "pods", namespaces: null, pods: selector(from ?? "") } as const;
      const ingress = from === null ? [] : [{ peers: [peer], ports: null }];
      const spec = known({ pods: selector("frontend"), ingress, egress: null });
      return { ...cluster, networkPolicies: known([{ namespace: "default", name: "deny", spec }]) };
    };
    const free = places("svc/frontend");
    const welcome = places("svc/frontend", world, 8, policy("frontend"));
    expect(free.some((place) => place.includes("backend"))).toBe(true);
    expect(welcome.length).toBe(3);
    expect(welcome.every((place) => place.includes("frontend"))).toBe(true);
    // Nobody at all: then that is what there is to be met.
    expect(places("svc/frontend", world, 8, policy(null))).toEqual(free);
  });

  test("from the node itself where no pod's namespace is known", () => {
    const hosts = { ...world, netns: new Map([...world.netns].filter(([id]) => id.endsWith("/host"))) };
    expect([...places("svc/frontend", hosts)].sort()).toEqual(["k1/host (k1)", "k2/host (k2)", "k3/host (k3)"]);
  });
});

describe("a place by its name", () => {
  const named = (from: string, namespace = "default", on = withHere) => {
    const place = namedPlace(from, namespace, on, cluster);
    return isFromError(place) ? place.error : `${place.netns} on ${place.node} (${said(place.label)})`;
  };

  test.each([
    ["here", "here/host on here (this machine)"],
    ["node/k2", "k2/host on k2 (k2)"],
    [`pod/${FRONTEND[1]?.split("/")[1]}`, `k2/pod:${FRONTEND[1]} on k2 (${FRONTEND[1]})`],
    [`pod/${FRONTEND[1]}`, `k2/pod:${FRONTEND[1]} on k2 (${FRONTEND[1]})`],
    ["node/k9", "no-such-place"],
    ["node/", "no-such-place"],
    ["pod/nobody", "no-such-place"],
    ["pod", "no-such-place"],
    ["", "no-such-place"],
    ["elsewhere", "no-such-place"],
    ["here/x", "no-such-place"],
  ])("%s", (from, expected) => expect(named(from)).toBe(expected));

  test("in the namespace that was given", () =>
    expect(named(`pod/${FRONTEND[1]?.split("/")[1]}`, "other")).toBe("no-such-place"));

  test("is told what there is instead", () => {
    const place = namedPlace("node/k9", "default", world, cluster);
    expect(isFromError(place) && place.error === "no-such-place" && [...place.near].sort()).toEqual([
      "node/k1",
      "node/k2",
      "node/k3",
    ]);
  });
});
