import { expect, test } from "vitest";
import { notesSaid } from "../../../test/said.ts";
import { clusterFromObjects, type KubeObjects } from "./cluster-from-objects.ts";

const NOTHING: KubeObjects = {
  namespaces: null,
  nodes: null,
  pods: null,
  services: null,
  endpointslices: null,
  endpoints: null,
  networkpolicies: null,
};
const list = (...items: unknown[]) => ({ items });

test("a pod: both addresses once, readiness, sidecars' ports", () => {
  const { cluster } = clusterFromObjects({
    ...NOTHING,
    pods: list({
      metadata: { name: "web", namespace: "shop", labels: { app: "web" } },
      spec: {
        nodeName: "k1",
        containers: [{ name: "server", ports: [{ containerPort: 8080 }] }],
        initContainers: [
          { name: "setup" },
          { name: "proxy", restartPolicy: "Always", ports: [{ name: "in", containerPort: 15006 }] },
        ],
      },
      status: {
        phase: "Running",
        podIP: "10.42.0.3",
        podIPs: [{ ip: "10.42.0.3" }, { ip: "fd00:0::3" }],
        conditions: [{ type: "Ready", status: "True" }],
      },
    }),
  });
  expect(cluster.pods).toMatchObject([
    {
      namespace: "shop",
      name: "web",
      node: "k1",
      ready: true,
      hostNetwork: false,
      ips: [{ text: "10.42.0.3" }, { text: "fd00::3" }],
    },
  ]);
  expect(cluster.pods[0]?.containers).toEqual([
    { name: "server", ports: [{ name: null, port: 8080, protocol: "TCP" }] },
    { name: "proxy", ports: [{ name: "in", port: 15006, protocol: "TCP" }] },
  ]);
});

test("a Service: headless has no address, an empty selector is none, a load balancer's address is external", () => {
  const { cluster } = clusterFromObjects({
    ...NOTHING,
    services: list(
      { metadata: { name: "headless", namespace: "a" }, spec: { clusterIP: "None", selector: {} } },
      {
        metadata: { name: "lb", namespace: "a" },
        spec: {
          type: "LoadBalancer",
          clusterIP: "10.43.0.9",
          clusterIPs: ["10.43.0.9"],
          externalTrafficPolicy: "Local",
          selector: { app: "x" },
          ports: [
            { port: 80, targetPort: "http", nodePort: 30080 },
            { name: "dns", port: 53, protocol: "UDP" },
          ],
        },
        status: { loadBalancer: { ingress: [{ ip: "192.0.2.1" }, { hostname: "elb" }] } },
      },
    ),
  });
  expect(cluster.services).toMatchObject([
    { name: "headless", clusterIps: [], selector: null, ports: [], type: "ClusterIP" },
    {
      name: "lb",
      clusterIps: [{ text: "10.43.0.9" }],
      externalIps: [{ text: "192.0.2.1" }],
      externalTrafficPolicy: "Local",
    },
  ]);
  expect(cluster.services[1]?.ports).toEqual([
    { name: null, protocol: "TCP", port: 80, targetPort: "http", nodePort: 30080 },
    { name: "dns", protocol: "UDP", port: 53, targetPort: 53, nodePort: null },
  ]);
});

test("endpoints from slices; ready unless said otherwise; Endpoints only where there are no slices", () => {
  const slices = list(
    {
      metadata: { name: "web-1", namespace: "a", labels: { "kubernetes.io/service-name": "web" } },
      ports: [{ name: "", port: 8080 }, { name: "any" }],
      endpoints: [
        { addresses: ["10.42.0.3"], conditions: {}, nodeName: "k1", targetRef: { kind: "Pod", name: "web-x" } },
        { addresses: ["10.42.0.4"], conditions: { ready: false, terminating: true } },
        { addresses: ["10.42.0.6"], conditions: { ready: false, serving: true, terminating: true } },
      ],
    },
    { metadata: { name: "orphan", namespace: "a" }, ports: [{ port: 1 }], endpoints: [{ addresses: ["10.42.0.5"] }] },
  );
  const endpoints = list({
    metadata: { name: "web", namespace: "a" },
    subsets: [{ addresses: [{ ip: "10.42.0.3" }], notReadyAddresses: [{ ip: "10.42.0.4" }], ports: [{ port: 8080 }] }],
  });
  const bySlices = clusterFromObjects({ ...NOTHING, endpointslices: slices, endpoints }).cluster.endpoints;
  expect(bySlices).toMatchObject([
    {
      service: "web",
      ip: { text: "10.42.0.3" },
      port: 8080,
      portName: null,
      ready: true,
      serving: true,
      terminating: false,
      node: "k1",
      pod: { namespace: "a", name: "web-x" },
    },
    {
      service: "web",
      ip: { text: "10.42.0.4" },
      ready: false,
      serving: false,
      terminating: true,
      node: null,
      pod: null,
    },
    { ip: { text: "10.42.0.6" }, ready: false, serving: true, terminating: true },
  ]);
  const byEndpoints = clusterFromObjects({ ...NOTHING, endpoints }).cluster.endpoints;
  expect(byEndpoints.map(({ ip, ready, serving }) => [ip.text, ready, serving])).toEqual([
    ["10.42.0.3", true, true],
    ["10.42.0.4", false, false],
  ]);
});

test("a node whose kubelet is heard of no more is as little ready as one that says so itself", () => {
  const said = (name: string, status: string) => ({
    metadata: { name },
    status: { conditions: [{ type: "Ready", status }] },
  });
  const nodes = list(said("k1", "True"), said("k2", "False"), said("k3", "Unknown"));
  const { cluster } = clusterFromObjects({ ...NOTHING, nodes });
  expect(cluster.nodes.map(({ ready }) => ready)).toEqual([true, false, false]);
});

test("an object that is malformed is left out and told; the others stay", () => {
  const { cluster, notChecked } = clusterFromObjects({
    ...NOTHING,
    nodes: list(
      { metadata: { name: "k1" }, status: { conditions: [{ type: "DiskPressure", status: "Unknown" }] } },
      { metadata: {} },
      7,
    ),
    pods: "nonsense",
  });
  expect(cluster.nodes).toMatchObject([{ name: "k1", ready: null, internalIps: [], podCidrs: [] }]);
  expect(notesSaid(notChecked)).toEqual([
    { what: "2 of the nodes", why: expect.stringContaining("metadata.name") },
    { what: "pods", why: "not a list of Kubernetes objects" },
  ]);
});

test("of what is wrong a million times in one object the first is told, and the rest is not looked at", () => {
  const million = <T>(one: T) => Array.from({ length: 1_000_000 }, () => one);
  const before = process.memoryUsage.rss();
  const { notChecked } = clusterFromObjects({
    ...NOTHING,
    pods: list({ metadata: { name: "web" }, spec: { containers: million({}) } }),
    services: list({ metadata: { name: "web", labels: Object.fromEntries(million(7).entries()) }, spec: {} }),
    endpointslices: list({ metadata: { name: "web" }, endpoints: [{ addresses: million(7) }] }),
  });
  expect(notesSaid(notChecked).map(({ why }) => why)).toEqual([
    expect.stringMatching(/^endpoints\.0\.addresses\.0: /),
    expect.stringMatching(/^spec\.containers\.0\.name: /),
    expect.stringMatching(/^metadata\.labels: /),
  ]);
  expect(process.memoryUsage.rss() - before).toBeLessThan(500 << 20);
});
