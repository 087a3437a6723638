import { beforeAll, describe, expect, test } from "vitest";
import * as make from "../../../test/explain/faults.ts";
import * as made from "../../../test/explain/objects.ts";
import { recordedCluster } from "../../../test/explain/recorded-cluster.ts";
import type { Cluster } from "../../facts/cluster.ts";
import { ip } from "../../facts/ip.ts";
import type { Link } from "../../facts/netns.ts";
import type { World } from "../../facts/world.ts";
import { parseSymptom } from "./symptom.ts";
import { endpointsOf, isTargetError, resolveTarget, type Target } from "./target.ts";

const cluster = made.clusterOf({
  nodes: [made.node("k1", "192.168.6.141"), made.node("k2", "192.168.6.142", "10.42.1.0/24")],
  services: [
    made.service("frontend", "10.43.0.10", { ports: [made.port(80, { name: "http", nodePort: 30007 })] }),
    made.service("backend", "10.43.0.11", {
      ports: [made.port(9000, { name: "metrics" }), made.port(8080, { name: "api", targetPort: "web" })],
      externalIps: [made.service("x", "203.0.113.7").clusterIps[0] as never],
    }),
    made.service("db", null, { ports: [made.port(5432)] }),
    made.service("peers", null, { ports: [made.port(80, { name: "http", targetPort: 8080 }), made.port(81)] }),
    made.service("empty", null, {}),
    made.service("backend", "10.43.0.12", { namespace: "shop", ports: [made.port(81)] }),
    made.service("resolver", "10.43.0.99", { ports: [made.port(53, { protocol: "UDP" })] }),
    made.service("kube-dns", "10.43.0.53", {
      namespace: "kube-system",
      ports: [made.port(53, { name: "dns-tcp" }), made.port(53, { name: "dns", protocol: "UDP" })],
    }),
    made.service("signal", "10.43.0.14", { ports: [made.port(36412, { protocol: "SCTP" })] }),
    made.service("outside", null, { type: "ExternalName", ports: [made.port(5432)] }),
    made.service("six", "fd43::1", { ports: [made.port(80, { name: "http" })] }),
  ],
  pods: [
    made.pod("web-7d9f-aaaaa", "10.42.0.3", { containers: made.ports(["web", 8080], ["dns", 5353, "UDP"]) }),
    made.pod("web-7d9f-bbbbb", "10.42.1.3", { node: "k2", containers: made.ports(["web", 8080]) }),
    made.pod("coredns-0", "10.42.0.53", { namespace: "kube-system" }),
    made.pod("lonely-0", "10.42.0.4"),
    made.pod("served-0", "10.42.0.5"),
    made.pod("pending-0", null, { phase: "Pending", node: null }),
    made.pod("proxy-k1", "192.168.6.141", { hostNetwork: true }),
    made.pod("exporter-k1", "192.168.6.141", { hostNetwork: true }),
    made.pod("gone-1", "10.42.0.3", { phase: "Succeeded" }),
  ],
  endpoints: [
    made.endpoint("peers", "10.42.0.3", { portName: "http", port: 8080 }),
    made.endpoint("db", "10.42.1.9", { port: 5432, ready: false }),
    made.endpoint("db", "10.42.0.5", { port: 5432, pod: { namespace: "default", name: "served-0" } }),
    made.endpoint("proxy", "192.168.6.141", { port: 9100, pod: { namespace: "default", name: "exporter-k1" } }),
    made.endpoint("kube-dns", "10.42.0.53", {
      namespace: "kube-system",
      portName: "dns",
      port: 53,
      protocol: "UDP",
      pod: { namespace: "kube-system", name: "coredns-0" },
    }),
    made.endpoint("backend", "10.42.0.3", { portName: "api" }),
    made.endpoint("backend", "10.42.0.3", { portName: "metrics", port: 9000 }),
  ],
});

let recorded: { readonly cluster: Cluster; readonly world: World };
beforeAll(async () => {
  recorded = await recordedCluster("vxlan-healthy");
});

function withAddress(link: Link, text: string): Link {
  return { ...link, addresses: link.addresses.slice(0, 1).flatMap((one) => [one, { ...one, ip: ip(text) }]) };
}

function parsed(input: string, namespace = "default") {
  const symptom = parseSymptom(input, namespace);
  if ("error" in symptom) throw new Error(`not understood: ${input}`);
  return symptom;
}

function resolve(input: string, namespace = "default") {
  return resolveTarget(parsed(input, namespace), cluster);
}

/** `tcp 10.43.0.10:80 http://10.43.0.10:80/ through cluster-ip of default/frontend`, or the error and its name. */
function told(input: string, namespace = "default"): string {
  const target = resolve(input, namespace);
  if (isTargetError(target)) return `${target.error} ${target.name}`;
  const { protocol, ip, port, url, service, pod, entry } = target;
  const words = [`${protocol} ${ip.text}:${port}`];
  if (url !== null) words.push(url);
  if (service !== null) words.push(`through ${service.through} of ${service.object.namespace}/${service.object.name}`);
  if (pod !== null) words.push(`pod ${pod.name}`);
  if (entry !== null) words.push(`at ${entry.name}`);
  return words.join(" ");
}

describe("a Service", () => {
  test.each([
    ["svc/frontend", "tcp 10.43.0.10:80 http://10.43.0.10:80/ through cluster-ip of default/frontend"],
    ["svc/backend", "tcp 10.43.0.11:9000 through cluster-ip of default/backend"],
    ["svc/backend:api", "tcp 10.43.0.11:8080 through cluster-ip of default/backend"],
    ["svc/backend:8080", "tcp 10.43.0.11:8080 through cluster-ip of default/backend"],
    ["svc/shop/backend", "tcp 10.43.0.12:81 through cluster-ip of shop/backend"],
    ["svc/six", "tcp fd43::1:80 http://[fd43::1]:80/ through cluster-ip of default/six"],
    ["svc/resolver", "udp 10.43.0.99:53 through cluster-ip of default/resolver"],
    ["svc/backend:81", "no-such-port default/backend:81"],
    ["svc/nobody", "no-such-service default/nobody"],
    ["svc/signal", "no-such-port default/signal"],
    ["svc/signal:36412", "no-such-port default/signal:36412"],
    ["svc/peers", "tcp 10.42.0.3:8080 http://10.42.0.3:8080/ through headless of default/peers pod web-7d9f-aaaaa"],
  ])("%s: %s", (input, expected) => expect(told(input)).toBe(expected));

  test("of the namespace that was given", () => expect(told("svc/backend", "shop")).toContain("10.43.0.12"));

  test("that is headless stands for its endpoints, of which a ready one is tried", () => {
    expect(told("svc/db")).toBe("tcp 10.42.0.5:5432 through headless of default/db pod served-0");
    expect(told("svc/empty")).toBe("service-without-address default/empty");
  });

  test.each(["svc/outside", "svc/outside:80", "http://outside.default.svc/"])(
    "that is another name for a host outside is no way through the cluster: %s",
    (input) => expect(told(input)).toBe("service-is-alias default/outside"),
  );

  test("says which ports there are", () => {
    expect(resolve("svc/backend:81")).toMatchObject({ near: ["metrics:9000/TCP", "api:8080/TCP"] });
    expect(resolve("svc/signal")).toMatchObject({ near: ["36412/SCTP"] });
  });

  test("has the endpoints of the port that is meant", () => {
    const { service } = resolve("svc/backend:api") as Target;
    expect(service && endpointsOf(cluster, service.object, service.port).map((e) => e.port)).toEqual([8080]);
  });
});

describe("a pod", () => {
  test.each([
    ["pod/web-7d9f-aaaaa", "tcp 10.42.0.3:8080 pod web-7d9f-aaaaa"],
    ["pod/web-7d9f-aaaaa:dns", "udp 10.42.0.3:5353 pod web-7d9f-aaaaa"],
    ["pod/web-7d9f-aaaaa:9999", "tcp 10.42.0.3:9999 pod web-7d9f-aaaaa"],
    ["pod/web-7d9f-aaaaa:nope", "no-such-port default/web-7d9f-aaaaa:nope"],
    ["pod/kube-system/coredns-0", "udp 10.42.0.53:53 pod coredns-0"],
    ["pod/kube-system/coredns-0:53", "udp 10.42.0.53:53 pod coredns-0"],
    ["pod/kube-system/coredns-0:9153", "tcp 10.42.0.53:9153 pod coredns-0"],
    ["pod/lonely", "icmp 10.42.0.4:0 pod lonely-0"],
    ["pod/served-0", "tcp 10.42.0.5:5432 pod served-0"],
    ["pod/pending-0", "pod-without-address default/pending-0"],
    ["pod/web", "no-such-pod default/web"],
    ["pod/nobody", "no-such-pod default/nobody"],
  ])("%s: %s", (input, expected) => expect(told(input)).toBe(expected));

  test("on its node's network has ports of its own, not those of others there", () => {
    expect(told("pod/proxy-k1")).toBe("icmp 192.168.6.141:0 pod proxy-k1");
    expect(told("pod/exporter-k1")).toBe("tcp 192.168.6.141:9100 pod exporter-k1");
  });

  test("a beginning that fits several is none of them, and they are told", () => {
    expect(resolve("pod/web")).toMatchObject({ near: ["default/web-7d9f-aaaaa", "default/web-7d9f-bbbbb"] });
  });
});

describe("an address", () => {
  test.each([
    [
      "192.168.6.141:30007",
      "tcp 192.168.6.141:30007 http://192.168.6.141:30007/ through node-port of default/frontend at k1",
    ],
    [
      "192.168.6.142:30007",
      "tcp 192.168.6.142:30007 http://192.168.6.142:30007/ through node-port of default/frontend at k2",
    ],
    ["192.168.6.141:22", "tcp 192.168.6.141:22 at k1"],
    ["192.168.6.141", "icmp 192.168.6.141:0 at k1"],
    ["10.43.0.10:80", "tcp 10.43.0.10:80 http://10.43.0.10:80/ through cluster-ip of default/frontend"],
    ["10.43.0.10:81", "tcp 10.43.0.10:81"],
    ["10.43.0.53:53", "tcp 10.43.0.53:53 through cluster-ip of kube-system/kube-dns"],
    ["203.0.113.7:8080", "tcp 203.0.113.7:8080 through external-ip of default/backend"],
    ["10.42.0.3", "icmp 10.42.0.3:0 pod web-7d9f-aaaaa"],
    ["10.42.0.3:8080", "tcp 10.42.0.3:8080 pod web-7d9f-aaaaa"],
    ["203.0.113.99:30007", "tcp 203.0.113.99:30007"],
    ["[fd43::1]:80", "tcp fd43::1:80 http://[fd43::1]:80/ through cluster-ip of default/six"],
  ])("%s: %s", (input, expected) => expect(told(input)).toBe(expected));

  test("of a node that the API does not tell is the node's that has it, unless several do", () => {
    const on = (...nodes: readonly string[]) => {
      const changes = nodes.map((node) => make.link(`${node}/host`, "eth0", (l) => withAddress(l, "203.0.113.99")));
      return resolveTarget(parsed("203.0.113.99:30007"), recorded.cluster, changes.reduce(make.made, recorded.world));
    };
    expect(on("k2")).toMatchObject({ entry: { name: "k2" }, service: { through: "node-port" } });
    expect(on("k1", "k2")).toMatchObject({ entry: null, service: null });
    expect(on()).toMatchObject({ entry: null, service: null });
  });

  test("that is virtual answers no echo: its first port is meant", () => {
    expect(told("10.43.0.10")).toBe("tcp 10.43.0.10:80 http://10.43.0.10:80/ through cluster-ip of default/frontend");
    expect(told("203.0.113.7")).toBe("tcp 203.0.113.7:9000 through external-ip of default/backend");
  });
});

describe("a URL", () => {
  test.each([
    [
      "http://192.168.6.141:30007/a?b=c",
      "tcp 192.168.6.141:30007 http://192.168.6.141:30007/a?b=c through node-port of default/frontend at k1",
    ],
    ["http://frontend/", "tcp 10.43.0.10:80 http://frontend/ through cluster-ip of default/frontend"],
    [
      "http://frontend.default.svc.cluster.local./",
      "tcp 10.43.0.10:80 http://frontend.default.svc.cluster.local./ through cluster-ip of default/frontend",
    ],
    ["http://backend.shop:81/", "tcp 10.43.0.12:81 http://backend.shop:81/ through cluster-ip of shop/backend"],
    ["http://backend.shop.pod:81/", "name-not-resolved backend.shop.pod"],
    ["http://backend:1/", "no-such-port default/backend:1"],
    ["http://db:5432/", "tcp 10.42.0.5:5432 http://db:5432/ through headless of default/db pod served-0"],
    ["http://peers/", "tcp 10.42.0.3:80 http://peers/ through headless of default/peers pod web-7d9f-aaaaa"],
    [
      "http://peers:8080/",
      "tcp 10.42.0.3:8080 http://peers:8080/ through headless of default/peers pod web-7d9f-aaaaa",
    ],
    ["http://k2:30007/", "tcp 192.168.6.142:30007 http://k2:30007/ through node-port of default/frontend at k2"],
    ["http://example.com/", "name-not-resolved example.com"],
    ["http://10.42.0.3:8080/", "tcp 10.42.0.3:8080 http://10.42.0.3:8080/ pod web-7d9f-aaaaa"],
  ])("%s: %s", (input, expected) => expect(told(input)).toBe(expected));

  test("without a namespace is looked up in the one that was given", () => {
    expect(told("http://backend:81/", "shop")).toContain("through cluster-ip of shop/backend");
  });

  test("is asked for over TCP, whatever else has that port", () => {
    const { service, protocol } = resolve("http://10.43.0.53:53/") as Target;
    expect([protocol, service?.port.name]).toEqual(["tcp", "dns-tcp"]);
  });
});

test("dns/ asks the cluster's own name server over UDP", () => {
  const target = resolve("dns/kubernetes.default") as Target;
  expect(target).toMatchObject({ protocol: "udp", port: 53, url: null });
  expect(target.service?.object.name).toBe("kube-dns");
  const none = resolveTarget({ kind: "dns", input: "dns/a", name: "a" }, made.clusterOf({}));
  expect(none).toMatchObject({ error: "no-such-service" });
});
