import { describe, expect, test } from "vitest";
import * as made from "../../test/explain/objects.ts";
import type { Cluster } from "../facts/cluster.ts";
import { parseSymptom } from "../think/symptom/symptom.ts";
import { isTargetError, resolveTarget } from "../think/symptom/target.ts";
import { podOnNode } from "./behind.ts";
import { socketsOfServer } from "./gateway.ts";

const onNode = (name: string, port: number, protocol = "TCP") =>
  made.pod(name, "192.168.6.141", { hostNetwork: true, containers: made.ports(["web", port, protocol]) });

function serving(input: string, parts: Partial<Cluster>): string | null {
  const cluster = made.clusterOf({ nodes: [made.node("k1", "192.168.6.141")], ...parts });
  const symptom = parseSymptom(input, "default");
  if ("error" in symptom) throw new Error(input);
  const target = resolveTarget(symptom, cluster);
  if (isTargetError(target)) throw new Error(target.error);
  return podOnNode(target, cluster)?.name ?? null;
}

describe("a pod on its node's network", () => {
  const pods = [
    onNode("ingress", 8443),
    onNode("exporter", 9100),
    onNode("dns", 53, "UDP"),
    made.pod("web", "10.42.0.3"),
  ];

  test("answers at the port that it declares", () => {
    expect(serving("https://192.168.6.141:8443/", { pods })).toBe("ingress");
    expect(serving("192.168.6.141:9100", { pods })).toBe("exporter");
  });

  test("is not known where no pod, or more than one, declares it, or a Service has it", () => {
    expect(serving("http://192.168.6.141:80/", { pods })).toBe(null);
    expect(serving("192.168.6.141:53", { pods })).toBe(null);
    expect(serving("http://192.168.6.142:8443/", { pods })).toBe(null);
    expect(serving("192.168.6.141:9100", { pods: [...pods, onNode("another", 9100)] })).toBe(null);
    const services = [made.service("web", "10.43.0.9", { ports: [made.port(80, { nodePort: 8443 })] })];
    expect(serving("http://192.168.6.141:8443/", { pods, services })).toBe(null);
  });

  test("has the sockets of the process that listens there", () => {
    const socket = (state: string, localPort: number, process: string | null) =>
      ({ state, localPort, process }) as Parameters<typeof socketsOfServer>[0][number];
    const all = [
      socket("LISTEN", 8443, "nginx"),
      socket("SYN-SENT", 40_000, "nginx"),
      socket("SYN-SENT", 40_001, "kubelet"),
      socket("LISTEN", 9100, null),
    ];
    expect(socketsOfServer(all, 8443).map((s) => s.localPort)).toEqual([8443, 40_000]);
    expect(socketsOfServer(all, 9100)).toEqual([]);
    expect(socketsOfServer(all, 80)).toEqual([]);
  });
});
