import { expect, it } from "vitest";
import { clusterFromObjects, type Kind } from "./cluster-from-objects.ts";
import { slimList } from "./slim-objects.ts";

const SECRET = "hunter2";
const metadata = (name: string) => ({
  name,
  namespace: "default",
  labels: { app: name },
  annotations: {
    "kubectl.kubernetes.io/last-applied-configuration": `{"env":"${SECRET}"}`,
    "flannel.alpha.coreos.com/public-ip": "192.168.6.141",
    note: SECRET,
  },
  managedFields: [{ manager: SECRET }],
});
const container = {
  name: "app",
  image: "app",
  args: [`--password=${SECRET}`],
  env: [{ name: "PASSWORD", value: SECRET }],
  ports: [{ name: "http", containerPort: 8080 }],
};
const OBJECTS: Readonly<Record<Kind, unknown>> = {
  nodes: {
    items: [
      {
        metadata: metadata("k1"),
        spec: { podCIDR: "10.42.0.0/24", providerID: SECRET },
        status: { addresses: [{ type: "InternalIP", address: "192.168.6.141" }], images: [SECRET] },
      },
    ],
  },
  pods: {
    items: [
      {
        metadata: metadata("app"),
        spec: { nodeName: "k1", containers: [container], initContainers: [container], volumes: [{ name: SECRET }] },
        status: { phase: "Running", podIP: "10.42.0.2", message: SECRET },
      },
      { metadata: { name: 7, note: SECRET } },
    ],
  },
  services: {
    items: [{ metadata: metadata("app"), spec: { clusterIP: "10.43.0.7", ports: [{ port: 80 }], note: SECRET } }],
  },
  endpointslices: {
    items: [
      {
        metadata: { ...metadata("app-1"), labels: { "kubernetes.io/service-name": "app" } },
        ports: [{ port: 8080 }],
        endpoints: [{ addresses: ["10.42.0.2"], hints: SECRET }],
      },
    ],
  },
  endpoints: null,
  namespaces: { items: [{ metadata: metadata("default"), spec: { finalizers: [SECRET] } }] },
  networkpolicies: { items: [{ metadata: metadata("deny"), spec: { podSelector: {} } }] },
};

it("keeps what is looked at, and not one secret that was planted", () => {
  const kinds = Object.keys(OBJECTS) as Kind[];
  const slim = Object.fromEntries(
    kinds.map((kind) => [kind, OBJECTS[kind] === null ? null : slimList(kind, OBJECTS[kind])]),
  ) as Record<Kind, unknown>;
  expect(JSON.stringify(slim)).not.toContain(SECRET);
  const { cluster, notChecked } = clusterFromObjects(slim);
  const whole = clusterFromObjects(OBJECTS);
  expect({ ...cluster, nodes: [] }).toEqual({ ...whole.cluster, nodes: [] });
  expect(cluster.nodes).toMatchObject([
    { name: "k1", annotations: { "flannel.alpha.coreos.com/public-ip": "192.168.6.141" } },
  ]);
  expect(notChecked).toMatchObject([{ what: { code: "some-objects", values: { count: 1, kind: "pods" } } }]);
});
