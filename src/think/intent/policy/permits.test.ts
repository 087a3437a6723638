import { describe, expect, test } from "vitest";
import * as made from "../../../../test/explain/objects.ts";
import { ip } from "../../../facts/ip.ts";
import { known } from "../../../facts/provenance.ts";
import { policySpec } from "../../../read/kube/network-policy.ts";
import { partyAt } from "./party.ts";
import { permits } from "./permits.ts";

const WORLD = { netns: new Map(), wires: [] };
const labelled = (name: string, address: string, app: string, node: string, namespace = "default") =>
  made.pod(name, address, { labels: { app }, node, namespace, containers: made.ports(["http", 8080]) });
const gateway = labelled("gateway", "10.42.0.2", "frontend", "k1");
const backend = labelled("backend", "10.42.1.2", "backend", "k2");
const other = labelled("probe", "10.42.2.2", "probe", "k3", "tools");

/** What policies in `default` mean for a connection to the backend, or another address. */
function means(specs: readonly unknown[], from = "10.42.0.2", to = "10.42.1.2", port = 8080) {
  const cluster = made.clusterOf({
    nodes: [made.node("k2", "192.168.6.142", "10.42.1.0/24"), made.node("k3", "192.168.6.143", "10.42.2.0/24")],
    pods: [gateway, backend, other],
    namespaces: known([{ name: "tools", labels: { team: "ops" } }]),
    networkPolicies: known(
      specs.map((spec, i) => ({ namespace: "default", name: `p${i + 1}`, spec: policySpec(spec) })),
    ),
  });
  const party = (text: string) => partyAt(cluster, WORLD, ip(text));
  const { allowed, by } = permits(cluster, { source: party(from), destination: party(to), protocol: "tcp", port });
  return typeof allowed === "object" ? "unknown" : allowed ? "allowed" : `denied by ${by.join(", ")}`;
}

const BACKEND = { matchLabels: { app: "backend" } };
const from = (...peers: unknown[]) => ({ podSelector: BACKEND, ingress: [{ from: peers }] });

describe("what is declared", () => {
  test("nothing, or only about others, lets all pass", () => {
    expect(means([])).toBe("allowed");
    expect(means([{ podSelector: { matchLabels: { app: "web" } }, ingress: [] }])).toBe("allowed");
  });

  test("an isolated pod takes what one of several policies allows, and nothing else", () => {
    const web = from({ podSelector: { matchLabels: { app: "web" } } });
    const frontend = from({ podSelector: { matchLabels: { app: "frontend" } } });
    expect(means([web])).toBe("denied by default/p1");
    expect(means([web, frontend])).toBe("allowed");
    expect(means([{ podSelector: {} }])).toBe("denied by default/p1");
    expect(means([{ podSelector: {} }, { podSelector: {}, ingress: [{}] }])).toBe("allowed");
  });

  test("egress is the sender's side, and only where it is declared", () => {
    const closed = { podSelector: { matchLabels: { app: "frontend" } }, policyTypes: ["Egress"] };
    expect(means([closed])).toBe("denied by default/p1");
    expect(means([{ ...closed, policyTypes: undefined }])).toBe("allowed");
    const toBackend = { ...closed, egress: [{ to: [{ podSelector: BACKEND }], ports: [{ port: 8080 }] }] };
    expect(means([toBackend])).toBe("allowed");
  });

  test("ports by number, by range, by the destination's own name, of the protocol", () => {
    const ports = (...list: unknown[]) => ({ podSelector: BACKEND, ingress: [{ ports: list }] });
    expect(means([ports({ port: 8080 })])).toBe("allowed");
    expect(means([ports({ port: "http" })])).toBe("allowed");
    expect(means([ports({ port: 8000, endPort: 8100 })])).toBe("allowed");
    expect(means([ports({ port: 8000, endPort: 8079 })])).toBe("denied by default/p1");
    expect(means([ports({ port: "metrics" })])).toBe("denied by default/p1");
    expect(means([ports({ protocol: "UDP", port: 8080 })])).toBe("denied by default/p1");
  });

  test("pods of other namespaces by the labels of these", () => {
    const ops = from({ namespaceSelector: { matchLabels: { team: "ops" } } });
    expect(means([ops], "10.42.2.2")).toBe("allowed");
    expect(means([ops])).toBe("unknown");
    const expression = { key: "kubernetes.io/metadata.name", operator: "NotIn", values: ["default"] };
    expect(means([from({ namespaceSelector: { matchExpressions: [expression] } })])).toBe("denied by default/p1");
  });

  test("blocks with holes", () => {
    const block = from({ ipBlock: { cidr: "10.0.0.0/8", except: ["10.42.0.0/24"] } });
    expect(means([block])).toBe("denied by default/p1");
    expect(means([block], "10.9.9.9")).toBe("allowed");
    expect(means([block], "203.0.113.7")).toBe("denied by default/p1");
  });

  test("nobody keeps a node from its pods, another node is like anybody", () => {
    expect(means([{ podSelector: {} }], "192.168.6.142")).toBe("allowed");
    expect(means([{ podSelector: {} }], "192.168.6.143")).toBe("denied by default/p1");
  });

  test("what keeps a pod from the nodes may keep it from its own as well: who enforces it decides", () => {
    const closed = [{ podSelector: BACKEND, policyTypes: ["Egress"] }];
    expect(means(closed, "10.42.1.2", "192.168.6.142", 10250)).toBe("unknown");
    expect(means(closed, "10.42.1.2", "192.168.6.143", 10250)).toBe("denied by default/p1");
    expect(means([{ ...closed[0], egress: [{}] }], "10.42.1.2", "192.168.6.142", 10250)).toBe("allowed");
  });

  test("what is not understood is not known", () => {
    expect(means([{ podSelector: {}, ingress: [{ from: [{ serviceSelector: {} }] }] }])).toBe("unknown");
    expect(means([from({ podSelector: { matchLabels: { app: "frontend" } } })], "10.42.1.77")).toBe("unknown");
  });
});
