import { describe, expect, test } from "vitest";
import * as made from "../../../test/explain/objects.ts";
import { recordedCluster } from "../../../test/explain/recorded-cluster.ts";
import type { Cluster } from "../../facts/cluster.ts";
import { parseSymptom } from "../../think/symptom/symptom.ts";
import { isTargetError, resolveTarget } from "../../think/symptom/target.ts";
import type { World } from "../../facts/world.ts";
import { climbObjects } from "./objects.ts";

const labels = { app: "backend" };
const pods = [
  made.pod("backend-a", "10.42.0.3", { labels, containers: made.ports(["web", 8080]) }),
  made.pod("backend-b", "10.42.1.3", { labels, node: "k2", containers: made.ports(["web", 8080]) }),
];
const endpoints = pods.map((p) =>
  made.endpoint("backend", p.ips[0]?.text ?? "", { node: p.node, pod: { namespace: "default", name: p.name } }),
);
const service = made.service("backend", "10.43.0.11", { ports: [made.port(80, { targetPort: "web" })] });

const NO_WORLD: World = { netns: new Map(), wires: [] };

function climb(parts: Partial<Cluster>, input = "svc/backend", world = NO_WORLD, from: readonly string[] = []) {
  const cluster = made.clusterOf({ services: [service], pods, endpoints, ...parts });
  const symptom = parseSymptom(input, "default");
  if ("error" in symptom) throw new Error(input);
  const target = resolveTarget(symptom, cluster);
  if (isTargetError(target)) throw new Error(target.error);
  const of = climbObjects(target, from, cluster, world, "e1");
  return { ...of, told: of.rungs.map((r) => `${r.rung} ${r.status} ${r.headline.code}`) };
}

test("a Service with ready endpoints is whole", () => {
  const { told, fault, endpoints: found } = climb({});
  expect(told).toEqual(["service ok service-found", "endpoints ok endpoints-ready", "pods ok pods-ready"]);
  expect(fault).toBeNull();
  expect(found.length).toBe(2);
});

describe("a Service with addresses of both families", () => {
  const six = { ...made.service("six", "fd43::11") }.clusterIps;
  const dual = { ...service, clusterIps: [...service.clusterIps, ...six], ports: [made.port(80, { nodePort: 30007 })] };
  const both = [...endpoints, made.endpoint("backend", "fd42::3"), made.endpoint("backend", "fd42:0:0:1::3")];
  const nodes = [made.node("k1", "192.168.6.141"), made.node("k2", "fd5e::142")];
  const parts = { services: [dual], endpoints: both, nodes };
  const endsOf = (input: string) => climb(parts, input).endpoints.map((e) => e.ip.text);

  test("at one of its addresses is led to endpoints of that family alone", () => {
    expect(endsOf("http://[fd5e::142]:30007/")).toEqual(["fd42::3", "fd42:0:0:1::3"]);
    expect(endsOf("[fd43::11]:80")).toEqual(["fd42::3", "fd42:0:0:1::3"]);
    expect(endsOf("http://192.168.6.141:30007/")).toEqual(["10.42.0.3", "10.42.1.3"]);
  });

  test("by its name is led to all of them", () => {
    expect(endsOf("svc/backend").length).toBe(4);
  });
});

test("endpoints that could not be listed are not known to be none", () => {
  const sick = pods.map((pod) => ({ ...pod, ready: false }));
  const { told, fault } = climb({ pods: sick, endpoints: [], endpointsKnown: false });
  expect(told).toContain("endpoints unknown endpoints-not-read");
  expect(fault).toBeNull();
});

test("a pod has no Service in between", () => {
  expect(climb({}, "pod/backend-a")).toMatchObject({ told: ["pods ok pods-ready"], fault: null, endpoints: [] });
});

describe("a selector that nobody fits", () => {
  const wrong = { ...service, selector: { app: "backend-v2" } };

  test("is the cause, and would be mended to what its pods carry", () => {
    const { fault, told, candidates } = climb({ services: [wrong], endpoints: [] });
    expect(told).toEqual(["service failed service-found", "endpoints failed endpoints-none", "pods ok pods-ready"]);
    expect(fault?.cause).toMatchObject({
      id: "svc-selector-mismatch",
      node: null,
      object: "Service default/backend .spec.selector",
      found: "app=backend-v2",
      wanted: "app=backend",
    });
    expect(fault?.repair).toEqual({
      do: "patch-service-selector",
      namespace: "default",
      name: "backend",
      selector: { app: "backend" },
    });
    expect(candidates.map((c) => `${c.ip.text}:${c.port}`)).toEqual(["10.42.0.3:8080", "10.42.1.3:8080"]);
  });

  test("is not blamed where no pods are likely meant", () => {
    const strangers = [
      made.pod("worker-1", "10.42.0.9", { labels: { app: "worker" }, containers: made.ports(["web", 1]) }),
    ];
    const { fault, candidates } = climb({ services: [wrong], pods: strangers, endpoints: [] });
    expect(fault).toEqual({
      cause: {
        id: "svc-no-pods",
        node: null,
        netns: null,
        culprit: null,
        object: "Service default/backend pods",
        found: "0 pods",
        wanted: null,
        params: { service: "default/backend", selector: "app=backend-v2" },
      },
      repair: null,
      leadsTo: [],
    });
    expect(candidates).toEqual([]);
  });

  test("is mended without proof where other pods only may be meant", () => {
    const gateway = [made.pod("backend-gateway-x", "10.42.0.9", { labels: { app: "backend-gateway" } })];
    const own = { ...service, ports: [made.port(80, { targetPort: 8080 })] };
    const { fault, candidates } = climb({ services: [own], pods: gateway, endpoints: [] });
    expect(fault?.repair).toMatchObject({ selector: { app: "backend-gateway" } });
    expect(candidates).toEqual([]);
  });

  test("is not blamed for pods that do not listen on its port", async () => {
    const { world, cluster } = await recordedCluster("vxlan-healthy");
    const own = cluster.services.find((s) => s.name === "frontend");
    if (own === undefined) throw new Error("no frontend");
    const parts = (number: number) => ({
      ...cluster,
      services: [{ ...own, selector: { app: "frontends" }, ports: [made.port(80, { targetPort: number })] }],
      endpoints: [],
    });
    expect(climb(parts(8080), "svc/frontend", world).fault?.cause.wanted).toBe("app=frontend");
    expect(climb(parts(8081), "svc/frontend", world).fault?.cause.id).toBe("svc-no-pods");
  });

  test("is no cause where there are endpoints: then the pods were not read as they are", () => {
    expect(climb({ services: [wrong] }).fault).toBeNull();
  });

  test("nor where no pod at all was read", () => {
    expect(climb({ services: [wrong], pods: [], endpoints: [] }).fault).toBeNull();
  });
});

test("a Service without a selector has the endpoints that somebody wrote", () => {
  const { fault, told } = climb({
    services: [{ ...service, selector: null }],
    pods: [],
    endpoints: [made.endpoint("backend", "192.0.2.7")],
  });
  expect(fault).toBeNull();
  expect(told).toEqual(["service ok service-found", "endpoints ok endpoints-ready"]);
});

describe("a Job's pod with the Service's labels that has ended", () => {
  const migrated = made.pod("backend-migrate-x", "10.42.2.9", { labels, node: "k3", phase: "Succeeded", ready: false });
  const sick = pods.map((p) => ({ ...p, ready: false }));

  test("does not say which ports the Service's pods have", () => {
    expect(climb({ pods: [migrated], endpoints: [] }).fault?.cause.id).toBe("svc-no-pods");
  });

  test("is none that could become ready, nor does an object hang on its node", () => {
    const number = { ...service, ports: [made.port(80)] };
    const { fault } = climb({ services: [number], pods: [migrated], endpoints: [] });
    expect(fault?.cause.id).toBe("svc-no-pods");
    expect(climb({ pods: [...sick, migrated], endpoints: [] }).fault?.pendsOn).toEqual(["k1", "k2"]);
  });

  test("hides no selector that is wrong", () => {
    const wrong = { ...service, selector: { job: "migrate" } };
    const job = { ...migrated, labels: { job: "migrate" } };
    const own = made.pod("backend-0", "10.42.0.3", {
      labels: { job: "backend" },
      containers: made.ports(["web", 8080]),
    });
    const { fault } = climb({ services: [wrong], pods: [job, own], endpoints: [] });
    expect(fault).toMatchObject({ cause: { id: "svc-selector-mismatch", wanted: "job=backend" } });
  });
});

describe("no ready endpoint", () => {
  test("is the cause where pods are selected and none is ready", () => {
    const sick = pods.map((p) => ({ ...p, ready: false }));
    const { fault, told } = climb({ pods: sick, endpoints: endpoints.map((e) => ({ ...e, ready: false })) });
    expect(fault).toMatchObject({ cause: { id: "svc-no-ready-endpoints", found: "0 of 2 ready" }, repair: null });
    expect(told).toEqual(
      ["service ok service-found", "endpoints failed endpoints-none-ready", "pods failed pods-not-ready"].map((t) =>
        t.replace("pods-not-ready", "pods-ready"),
      ),
    );
    expect(climb({ pods: sick, endpoints: [] }).fault?.cause.id).toBe("svc-no-ready-endpoints");
  });

  test("is none where ready pods have no endpoint: the port has no such name, or endpoints were not read", () => {
    expect(climb({ endpoints: [] }).fault).toBeNull();
  });

  test("is no fault while one serves that terminates", () => {
    const sick = pods.map((p) => ({ ...p, ready: false }));
    const [first, second] = endpoints.map((e) => ({ ...e, ready: false, serving: false }));
    const draining = { ...first, serving: true, terminating: true };
    const { fault, told } = climb({ pods: sick, endpoints: [draining, second] as typeof endpoints });
    expect(fault).toBeNull();
    expect(told).toContain("endpoints ok endpoints-ready");
    const done = { ...draining, serving: false };
    expect(climb({ pods: sick, endpoints: [done, second] as typeof endpoints }).fault?.cause.id).toBe(
      "svc-no-ready-endpoints",
    );
  });

  test("one of two is enough", () => {
    const [first, second] = endpoints;
    const half = [{ ...first, ready: false }, second] as typeof endpoints;
    expect(climb({ endpoints: half })).toMatchObject({
      fault: null,
      told: expect.arrayContaining(["endpoints ok endpoints-ready"]),
    });
  });
});

describe("a NodePort that takes only endpoints of its own node", () => {
  const nodes = [made.node("k1", "192.168.6.141"), made.node("k3", "192.168.6.143")];
  const ports = [made.port(80, { targetPort: "web", nodePort: 30007 })];
  const local = { ...service, ports, externalTrafficPolicy: "Local" };

  test("is at fault on a node without one", () => {
    const { fault } = climb({ nodes, services: [local] }, "http://192.168.6.143:30007/");
    expect(fault?.cause).toMatchObject({
      id: "svc-no-local-endpoint",
      object: "Service default/backend .spec.externalTrafficPolicy",
      found: "Local",
      params: { policy: "externalTrafficPolicy", bare: "k3", serving: "k1, k2" },
    });
    expect(fault?.repair).toBeNull();
  });

  test("is whole on a node that is being drained, while its endpoint serves", () => {
    const draining = made.endpoint("backend", "10.42.2.3", {
      node: "k3",
      ready: false,
      serving: true,
      terminating: true,
    });
    const at = (own: typeof draining) =>
      climb({ nodes, services: [local], endpoints: [...endpoints, own] }, "http://192.168.6.143:30007/").fault;
    expect(at(draining)).toBeNull();
    expect(at({ ...draining, serving: false })?.cause.id).toBe("svc-no-local-endpoint");
  });

  test("is whole on a node with one, from inside, and where any endpoint will do", () => {
    expect(climb({ nodes, services: [local] }, "http://192.168.6.141:30007/").fault).toBeNull();
    expect(climb({ nodes, services: [local] }).fault).toBeNull();
    const any = { ...local, externalTrafficPolicy: "Cluster" };
    expect(climb({ nodes, services: [any] }, "http://192.168.6.143:30007/").fault).toBeNull();
  });
});

test("an external IP that is met on a node without an endpoint is a matter of externalTrafficPolicy as well", () => {
  const nodes = [made.node("k1", "192.168.6.141"), made.node("k3", "192.168.6.143")];
  const externalIps = nodes.flatMap((n) => n.internalIps);
  const local = { ...service, externalIps, externalTrafficPolicy: "Local" };
  const at = (address: string) => climb({ nodes, services: [local] }, `http://${address}:80/`).fault?.cause;
  expect(at("192.168.6.143")).toMatchObject({ id: "svc-no-local-endpoint", params: { bare: "k3" } });
  expect(at("192.168.6.141")).toBeUndefined();
});

describe("a ClusterIP that takes only endpoints of the node that it is asked from", () => {
  const nodes = ["k1", "k2", "k3", "k4"].map((name, i) => made.node(name, `192.168.6.14${i + 1}`));
  const local = { ...service, internalTrafficPolicy: "Local" };
  const from = (asking: readonly string[], own: typeof service = local) =>
    climb({ nodes, services: [own] }, "svc/backend", NO_WORLD, asking).fault?.cause;

  test("is at fault where it is asked from nodes without one", () => {
    expect(from(["k1", "k3", "k4"])).toMatchObject({
      id: "svc-no-local-endpoint",
      object: "Service default/backend .spec.internalTrafficPolicy",
      found: "Local",
      params: { policy: "internalTrafficPolicy", bare: "k3, k4", serving: "k1, k2" },
    });
  });

  test("is whole from nodes with one, from outside of the cluster, and where any endpoint will do", () => {
    expect(from(["k1", "k2"])).toBeUndefined();
    expect(from(["here"])).toBeUndefined();
    expect(from(["k3"], { ...local, internalTrafficPolicy: "Cluster" })).toBeUndefined();
    expect(from(["k3"], { ...service, externalTrafficPolicy: "Local" })).toBeUndefined();
  });
});
