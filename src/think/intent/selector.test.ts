import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as made from "../../../test/explain/objects.ts";
import type { Cluster, Pod, Service } from "../../facts/cluster.ts";
import { intendedSelector, matches, selectedPods, selectorText } from "./selector.ts";

function pod(name: string, labels: Pod["labels"], parts: Partial<Pod> = {}): Pod {
  return made.pod(name, "10.42.0.3", { labels, ...parts });
}

function intended(cluster: Partial<Cluster>, service: Service): string | null {
  const found = intendedSelector(made.clusterOf({ services: [service], ...cluster }), service);
  if (found === null) return null;
  const perhaps = found.isCertain ? "" : "perhaps ";
  return `${perhaps}${selectorText(found.selector)}: ${found.pods.map((p) => p.name).join(" ")}`;
}

const backend = (selector: Service["selector"], parts: Partial<Service> = {}) =>
  made.service("backend", "10.43.0.11", { selector, ...parts });

describe("what a Service selects", () => {
  test("pods of its namespace that carry all of it", () => {
    const pods = [
      pod("a", { app: "x", tier: "web" }),
      pod("b", { app: "x" }),
      pod("c", { app: "x", tier: "web" }, { namespace: "other" }),
    ];
    const cluster = made.clusterOf({ pods });
    expect(selectedPods(cluster, backend({ app: "x", tier: "web" })).map((p) => p.name)).toEqual(["a"]);
    expect(selectedPods(cluster, backend(null))).toEqual([]);
    expect(selectedPods(cluster, backend({}))).toEqual([]);
  });

  test("no pod that has ended", () => {
    const phases = ["Succeeded", "Failed", "Running", "Pending", "Unknown"];
    const pods = phases.map((phase) => pod(phase, { app: "x" }, { phase }));
    const selected = selectedPods(made.clusterOf({ pods }), backend({ app: "x" }));
    expect(selected.map((p) => p.name)).toEqual(["Running", "Pending", "Unknown"]);
  });

  test("a label is not what every object inherits", () => {
    expect(matches({ constructor: "x" }, {})).toBe(false);
    expect(intended({ pods: [pod("backend-1", {})] }, backend({ toString: "x" }))).toBeNull();
  });
});

describe("what a selector was meant to be", () => {
  const pods = [
    pod("backend-7d-a", { app: "backend" }),
    pod("backend-7d-b", { app: "backend" }),
    pod("web-1", { app: "web" }),
  ];

  test("the one set of labels that is nearest", () => {
    expect(intended({ pods }, backend({ app: "backend-v2" }))).toBe("app=backend: backend-7d-a backend-7d-b");
    expect(intended({ pods }, backend({ app: "nothing-like-it" }))).toBe("app=backend: backend-7d-a backend-7d-b");
  });

  test("the same where it selects only a Job's pod that has ended", () => {
    const migrated = pod("backend-migrate-x2x4z", { app: "backend-v2" }, { phase: "Succeeded" });
    const of = [...pods, migrated];
    expect(intended({ pods: of }, backend({ app: "backend-v2" }))).toBe("app=backend: backend-7d-a backend-7d-b");
  });

  test("nothing while it selects somebody", () => expect(intended({ pods }, backend({ app: "web" }))).toBeNull());

  test("whatever runs under the Service's own name", () => {
    const of = [pod("backend-7d4b9c6f5-x2x4z", { app: "v7" }), pod("web-1", { app: "web" })];
    expect(intended({ pods: of }, backend({ app: "v9" }))).toBe("app=v7: backend-7d4b9c6f5-x2x4z");
    expect(intended({ pods: [pod("backend-0", { app: "v7" })] }, backend({ app: "v9" }))).toBe("app=v7: backend-0");
  });

  test("a misspelling", () => {
    const service = made.service("shop", "10.43.0.11", { selector: { app: "cehckout" } });
    expect(intended({ pods: [pod("p-1", { app: "checkout" }), pod("q-1", { app: "payment" })] }, service)).toBe(
      "app=checkout: p-1",
    );
  });

  test("all values but one", () => {
    const of = [pod("a-1", { app: "api", track: "stable" }), pod("b-1", { app: "job", track: "daily" })];
    expect(intended({ pods: of }, backend({ app: "api", track: "blue" }))).toBe("perhaps app=api,track=stable: a-1");
  });

  test("pods may bear the Service's name in another label", () => {
    const of = [pod("x-1", { app: "v7", "app.kubernetes.io/name": "backend" }), pod("y-1", { app: "v8" })];
    expect(intended({ pods: of }, backend({ app: "v9" }))).toBe("perhaps app=v7: x-1");
  });
});

describe("no guess", () => {
  test("among two that are as near", () => {
    const of = [pod("backend-a", { app: "one" }), pod("backend-b", { app: "two" })];
    expect(intended({ pods: of }, backend({ app: "gone" }))).toBeNull();
  });

  test("where one is nearer by its values and the other by its name", () => {
    const of = [pod("front-1", { app: "front", tier: "web" }), pod("backend-1", { app: "backend", tier: "api" })];
    expect(intended({ pods: of }, backend({ app: "bakend", tier: "web" }))).toBeNull();
  });

  test("when whoever is left has nothing of it: its own pods may be scaled to none", () => {
    expect(intended({ pods: [pod("worker-1", { app: "worker" })] }, backend({ app: "backend" }))).toBeNull();
  });

  test("when the nearest are another Service's", () => {
    const other = made.service("other", "10.43.0.12", { selector: { app: "backend" } });
    const service = backend({ app: "backend-v2" });
    const of = [pod("backend-1", { app: "backend" }), pod("backup-1", { app: "back" })];
    expect(intended({ pods: of, services: [service, other] }, service)).toBeNull();
  });

  test("of pods that do not run, are elsewhere, lack a key, or have no such named port", () => {
    const one = pod("backend-1", { app: "backend" });
    expect(intended({ pods: [{ ...one, phase: "Pending" }] }, backend({ app: "b" }))).toBeNull();
    expect(intended({ pods: [{ ...one, namespace: "x" }] }, backend({ app: "b" }))).toBeNull();
    expect(intended({ pods: [one] }, backend({ app: "b", tier: "web" }))).toBeNull();
    const named = backend({ app: "backend-v2" }, { ports: [made.port(80, { targetPort: "http" })] });
    expect(intended({ pods: [one] }, named)).toBeNull();
    expect(intended({ pods: [{ ...one, containers: made.ports(["http", 8080]) }] }, named)).not.toBeNull();
  });

  test("when the nearest are another Service's by labels that this one does not ask for", () => {
    const other = made.service("other", "10.43.0.12", { selector: { "app.kubernetes.io/name": "gateway" } });
    const of = [pod("api-gateway-1", { app: "api-gateway", "app.kubernetes.io/name": "gateway" })];
    const service = made.service("api", "10.43.0.11", { selector: { app: "api" } });
    expect(intended({ pods: of, services: [service, other] }, service)).toBeNull();
  });

  test("by what the namespace's other pods carry as well", () => {
    const of = [pod("worker-1", { app: "worker", "part-of": "shop" }), pod("job-1", { "part-of": "shop" })];
    expect(intended({ pods: of }, backend({ app: "backend", "part-of": "shop" }))).toBeNull();
    expect(intended({ pods: of }, made.service("shop", "10.43.0.11", { selector: { app: "front" } }))).toBeNull();
  });

  test("by names that only begin alike; but they may be", () => {
    const service = made.service("api", "10.43.0.11", { selector: { app: "api" } });
    const of = [pod("api-gateway-7d4b9c6f5-x2x4z", { app: "api-gateway" })];
    expect(intended({ pods: of }, service)).toMatch(/^perhaps /);
    const sharded = made.service("shards", "10.43.0.12", { selector: { app: "shard-1" } });
    expect(intended({ pods: [pod("x", { app: "shard-2" })] }, sharded)).toMatch(/^perhaps /);
  });

  test("a number need not be declared", () => {
    const of = [pod("backend-1", { app: "backend" }, { containers: made.ports(["metrics", 9090]) })];
    expect(
      intended({ pods: of }, backend({ app: "backend-v2" }, { ports: [made.port(80, { targetPort: 8080 })] })),
    ).not.toBeNull();
  });

  test("whatever it says, it selects running pods of the namespace, and order does not matter", () => {
    const value = fc.constantFrom("a", "ab", "backend", "backend-v2", "web");
    const labels = fc.record({ app: value, tier: value });
    fc.assert(
      fc.property(fc.array(labels, { maxLength: 6 }), labels, (of, selector) => {
        const all = of.map((l, i) => pod(`p${i}-x`, l));
        const service = backend(selector);
        const said = intendedSelector(made.clusterOf({ pods: all, services: [service] }), service);
        const backwards = intendedSelector(made.clusterOf({ pods: all.toReversed(), services: [service] }), service);
        expect(said === null ? null : selectorText(said.selector)).toBe(
          backwards === null ? null : selectorText(backwards.selector),
        );
        if (said === null) return;
        expect(selectedPods(made.clusterOf({ pods: all }), backend(said.selector)).length).toBe(said.pods.length);
        expect(all.some((p) => matches(selector, p.labels))).toBe(false);
      }),
    );
  });
});

test("a selector in words", () => {
  expect(selectorText({ app: "a", tier: "b" })).toBe("app=a,tier=b");
  expect(selectorText(null)).toBe("<none>");
});
