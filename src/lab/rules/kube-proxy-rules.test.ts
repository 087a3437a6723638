import { describe, expect, it } from "vitest";
import { kubeProxyRules, serviceChains } from "./kube-proxy-rules.ts";

const frontend = {
  name: "default/frontend:http",
  protocol: "TCP" as const,
  clusterIp: "10.43.238.112",
  port: 80,
  nodePort: 30007,
  isExternalLocal: false,
  endpoints: [{ address: "10.42.0.3", port: 8080, node: "k1" }],
};

it("names chains as kube-proxy does: these two stand in fixtures/vxlan-healthy", () => {
  const chains = serviceChains([frontend], "k1");
  expect(chains).toContain("KUBE-SVC-UHJVR435UML62OOS");
  expect(chains).toContain("KUBE-SEP-524AR4PJGSNXVCVE");
});

it("rejects, at the cluster address and at the node port, what has no endpoints", () => {
  const stale = ["KUBE-SVC-UHJVR435UML62OOS"];
  const text = kubeProxyRules([{ ...frontend, endpoints: [] }], "10.42.0.0/16", "k1", stale);
  expect(text).toContain(
    '-A KUBE-SERVICES -d 10.43.238.112/32 -p tcp -m comment --comment "default/frontend:http has no endpoints"',
  );
  expect(text).toMatch(/-A KUBE-EXTERNAL-SERVICES .*--dport 30007 -j REJECT/);
  expect(text).toContain("-X KUBE-SVC-UHJVR435UML62OOS");
});

it("shares connections out evenly", () => {
  const endpoints = ["10.42.0.3", "10.42.1.2", "10.42.2.2"].map((address) => ({ address, port: 8080, node: "k1" }));
  const text = kubeProxyRules([{ ...frontend, endpoints }], "10.42.0.0/16", "k1", []);
  expect(text.match(/--probability \S+/g)).toEqual(["--probability 0.3333333333", "--probability 0.5000000000"]);
});

describe("externalTrafficPolicy: Local", () => {
  const local = { ...frontend, isExternalLocal: true };

  it("leads what comes from outside to the node's own endpoints, unmasqueraded", () => {
    const text = kubeProxyRules([local], "10.42.0.0/16", "k1", []);
    expect(text).toContain("-A KUBE-EXT-UHJVR435UML62OOS -j KUBE-SVL-UHJVR435UML62OOS");
    expect(text).toMatch(
      /-A KUBE-EXT-UHJVR435UML62OOS .*"masquerade LOCAL traffic .* --src-type LOCAL -j KUBE-MARK-MASQ/,
    );
    expect(text).not.toContain("no local endpoints");
    expect(serviceChains([local], "k1")).toContain("KUBE-SVL-UHJVR435UML62OOS");
  });

  it("drops it at a node that has none, and lets pods go anywhere", () => {
    const text = kubeProxyRules([local], "10.42.0.0/16", "k2", []);
    expect(text).toMatch(
      /-A KUBE-EXTERNAL-SERVICES .*"default\/frontend:http has no local endpoints" .*--dport 30007 -j DROP/,
    );
    expect(text).toMatch(/-A KUBE-EXT-UHJVR435UML62OOS -s 10.42.0.0\/16 .* -j KUBE-SVC-UHJVR435UML62OOS/);
    expect(text).not.toContain("KUBE-SVL");
  });
});
