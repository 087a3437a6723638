import { beforeAll, describe, expect, it } from "vitest";
import { said } from "../said.ts";
import { ip } from "../../src/facts/ip.ts";
import type { Route } from "../../src/facts/netns.ts";
import { known, type Source, unknown } from "../../src/facts/provenance.ts";
import type { World } from "../../src/facts/world.ts";
import { parseIpVs } from "../../src/read/parse/ip-vs.ts";
import { arrives, type Branch, tapPoints } from "../../src/think/walk/branch.ts";
import { walk } from "../../src/think/walk/walk.ts";
import { recordedWorld } from "./recorded-world.ts";

type Recorded = Awaited<ReturnType<typeof recordedWorld>>;

function walkTcp(world: World, from: string, to: string, dport: number, bytes = 60): readonly Branch[] {
  return walk(world, { from, src: null, dst: ip(to), protocol: "tcp", sport: 40000, dport, bytes }).branches;
}

function lastTap(branch: Branch): string {
  const last = tapPoints(branch).at(-1);
  return `${last?.netns} ${last?.link} ${last?.direction}`;
}

describe("vxlan-healthy", () => {
  let recorded: Recorded;
  beforeAll(async () => {
    recorded = await recordedWorld("vxlan-healthy");
  });

  it.each([
    ["a node to its own NodePort", "k1/host", "192.168.6.141", 30007],
    ["a node to another's NodePort", "k2/host", "192.168.6.141", 30007],
    ["a node to the ClusterIP", "k3/host", "10.43.238.112", 80],
    ["a pod to the ClusterIP", "10.42.0.2", "10.43.238.112", 80],
    ["a pod to its own Service, itself among the endpoints", "10.42.2.2", "10.43.238.112", 80],
    ["a pod to a NodePort", "10.42.1.3", "192.168.6.142", 30007],
  ])("delivers every third both ways: %s", (_, from, to, port) => {
    const branches = walkTcp(recorded.world, from.includes("/") ? from : recorded.podAt(from), to, port);
    expect(branches.map((b) => b.destination.ip.text).sort()).toEqual(["10.42.0.3", "10.42.1.2", "10.42.2.2"]);
    expect(branches.map(arrives)).toEqual([true, true, true]);
    for (const branch of branches) expect(branch.weight).toBeCloseTo(1 / 3, 6);
  });

  it("goes from a pod over its bridge, the tunnel and the far bridge, and is seen by these taps", () => {
    const [branch] = walkTcp(recorded.world, recorded.podAt("10.42.2.2"), "10.42.0.3", 8080);
    const taps = branch === undefined ? [] : tapPoints(branch).filter((t) => t.leg === "request");
    expect(taps.map((t) => `${t.netns.replace(/pod:.*/, "pod")} ${t.link} ${t.direction}`)).toEqual([
      "k1/pod eth0 out",
      "k1/host vethd60a18ed in",
      "k1/host cni0 in",
      "k1/host flannel.1 out",
      "k1/host eth0 out",
      "k2/host eth0 in",
      "k2/host flannel.1 in",
      "k2/host cni0 out",
      "k2/host veth88cf15e1 out",
      "k2/pod eth0 in",
    ]);
  });

  it("does not take a virtual server of IPVS for a closed port: where it passes on to is not known", () => {
    const { world } = recorded;
    const host = world.netns.get("k1/host");
    if (host === undefined || !host.links.known) throw new Error("k1 was not read");
    const text = "TCP  C0A8068D:1F90 rr\n  -> 0A2A0003:1F90 Masq 1 0 0\n";
    const served = {
      ...host,
      virtualServers: known(parseIpVs(text, host.links.value[0]?.because.source as Source).value),
    };
    const balanced = { ...world, netns: new Map([...world.netns, [host.id, served]]) };
    const [branch] = walkTcp(balanced, "k2/host", "192.168.6.141", 8080);
    expect(branch).toMatchObject({ end: "UNKNOWN", netns: "k1/host" });
    expect(said(branch?.unknown?.why)).toMatch(/^IPVS on k1 passes 192\.168\.6\.141:8080 on to 1 real server/);
    expect(walkTcp(balanced, "k2/host", "192.168.6.141", 8081)[0]).toMatchObject({ end: "PORT_CLOSED" });
    expect(walkTcp(world, "k2/host", "192.168.6.141", 8080)[0]).toMatchObject({ end: "PORT_CLOSED" });
  });

  it("does not know what a route with encap makes of a packet", () => {
    const { world } = recorded;
    const host = world.netns.get("k1/host");
    if (host === undefined || !host.routes.known) throw new Error("k1 was not read");
    const wrap = (route: Route): Route => ({
      ...route,
      nexthops: route.nexthops.map((hop) => (hop.dev === "flannel.1" ? { ...hop, encap: "mpls 100" } : hop)),
    });
    const routes = known(host.routes.value.map(wrap));
    const wrapped = { ...world, netns: new Map([...world.netns, [host.id, { ...host, routes }]]) };
    const [branch] = walkTcp(wrapped, "k1/host", "10.42.0.3", 8080);
    expect(branch).toMatchObject({ end: "UNKNOWN", netns: "k1/host", link: "flannel.1" });
    expect(said(branch?.unknown?.why)).toContain("encap mpls 100");
  });

  it("does not take an address of a dummy link for a closed port, where the virtual servers were not read", () => {
    const { world } = recorded;
    const host = world.netns.get("k1/host");
    if (host === undefined || !host.links.known) throw new Error("k1 was not read");
    const links = known(
      host.links.value.map((l) => (l.name === "flannel.1" ? { ...l, kind: "dummy", vxlan: null } : l)),
    );
    const dummy = (virtualServers: typeof host.virtualServers) => {
      const changed = { ...host, links, virtualServers };
      return walkTcp({ ...world, netns: new Map([...world.netns, [host.id, changed]]) }, "k1/host", "10.42.2.0", 80)[0];
    };
    expect(dummy(unknown("not read"))).toMatchObject({ end: "UNKNOWN" });
    expect(dummy(known([]))).toMatchObject({ end: "PORT_CLOSED" });
  });

  it("has a closed port, an address nobody has, and a world outside", () => {
    const { world } = recorded;
    expect(walkTcp(world, "k1/host", "10.42.0.3", 81)[0]).toMatchObject({ end: "PORT_CLOSED" });
    expect(walkTcp(world, "k1/host", "10.42.2.99", 80)[0]).toMatchObject({ end: "NO_SUCH_HOST", link: "cni0" });
    const outside = walkTcp(world, "k1/host", "8.8.8.8", 53)[0];
    expect(outside).toMatchObject({ end: "UNKNOWN", netns: "k1/host", link: "eth0" });
    expect(said(outside?.unknown?.why)).toContain("192.168.6.1 ");
  });

  it("finds where a packet is too large for the tunnel", () => {
    const { world } = recorded;
    const links = (netns: string, mtu: number) => {
      const facts = world.netns.get(netns);
      if (facts?.links.known !== true) throw new Error(netns);
      const value = facts.links.value.map((l) => (l.name === "flannel.1" ? { ...l, mtu } : l));
      return { ...facts, links: { ...facts.links, value } };
    };
    const narrow = { ...world, netns: new Map(world.netns).set("k1/host", links("k1/host", 1300)) };
    const from = recorded.podAt("10.42.2.2");
    expect(walkTcp(narrow, from, "10.42.0.3", 8080, 1400)[0]).toMatchObject({
      end: "MTU_EXCEEDED",
      netns: "k1/host",
      link: "cni0",
      decidedBy: [{ of: "link", netns: "k1/host", name: "flannel.1" }],
    });
    expect(walkTcp(narrow, from, "10.42.0.3", 8080, 1200).map(arrives)).toEqual([true]);
  });

  it("goes round where two nodes take each other for the way", () => {
    const { world } = recorded;
    const k2 = world.netns.get("k2/host");
    if (k2?.routes.known !== true) throw new Error("no routes");
    const back = k2.routes.value.find((r) => r.dst.text === "10.42.2.0/24");
    const value = k2.routes.value.map((r) =>
      r.dst.text === "10.42.0.0/24" && back !== undefined ? { ...r, src: null, nexthops: back.nexthops } : r,
    );
    const turned = { ...world, netns: new Map(world.netns).set("k2/host", { ...k2, routes: { ...k2.routes, value } }) };
    const pod = recorded.podAt("10.42.2.2");
    const [branch] = walkTcp(turned, pod, "10.42.0.3", 8080);
    expect(branch).toMatchObject({ end: "LOOP", netns: "k2/host", link: "flannel.1" });
    expect(branch?.decidedBy).toContainEqual({ of: "route", netns: "k2/host", table: 254, dst: ip("10.42.0.3") });
    // Its TTL runs out on either by turns.
    const [row] = k2.sysctls.known ? k2.sysctls.value : [];
    const netns = world.netns.get(pod);
    if (row === undefined || netns === undefined) throw new Error("no sysctls");
    const sysctls = known([{ ...row, key: "net.ipv4.ip_default_ttl", value: "63" }]);
    const sooner = { ...turned, netns: new Map(turned.netns).set(pod, { ...netns, sysctls }) };
    expect(walkTcp(sooner, pod, "10.42.0.3", 8080)[0]).toMatchObject({ end: "LOOP", netns: "k1/host" });
  });

  it("says what it would need to know, and only where it matters", () => {
    const { world } = recorded;
    const k2 = world.netns.get("k2/host");
    if (k2 === undefined) throw new Error("no k2");
    const blind = { ...k2, sysctls: { known: false, why: "timeout" } as const };
    const unread = { ...world, netns: new Map(world.netns).set("k2/host", blind) };
    const branches = walkTcp(unread, "k1/host", "192.168.6.141", 30007);
    const byPod = Object.fromEntries(branches.map((b) => [b.destination.ip.text, arrives(b)]));
    expect(byPod).toEqual({ "10.42.0.3": null, "10.42.1.2": true, "10.42.2.2": true });
    const missing = { ...world, netns: new Map([...world.netns].filter(([id]) => !id.startsWith("k3/"))) };
    const gone = walkTcp(missing, "k1/host", "10.42.1.2", 8080)[0];
    expect(gone).toMatchObject({ end: "UNKNOWN", netns: "k1/host", link: "eth0" });
  });

  it("is the same each time", () => {
    const once = walkTcp(recorded.world, "k1/host", "192.168.6.141", 30007);
    expect(walkTcp(recorded.world, "k1/host", "192.168.6.141", 30007)).toEqual(once);
  });
});

describe("the recorded faults", () => {
  it("vxlan-ip-forward-off: one of three endpoints, at the tunnel of k2", async () => {
    const { world } = await recordedWorld("vxlan-ip-forward-off");
    const branches = walkTcp(world, "k1/host", "192.168.6.141", 30007);
    expect(branches.map((b) => `${b.destination.ip.text} ${arrives(b)}`).sort()).toEqual([
      "10.42.0.3 false",
      "10.42.1.2 true",
      "10.42.2.2 true",
    ]);
    const [branch] = walkTcp(world, "k1/host", "10.42.0.3", 8080);
    expect(branch).toMatchObject({
      end: "FORWARDING_OFF",
      netns: "k2/host",
      link: "flannel.1",
      decidedBy: [
        { of: "sysctl", netns: "k2/host", key: "net.ipv4.conf.flannel/1.forwarding" },
        { of: "sysctl", netns: "k2/host", key: "net.ipv4.ip_forward" },
      ],
    });
    expect(branch === undefined ? "" : lastTap(branch)).toBe("k2/host flannel.1 in");
  });

  it("vxlan-forward-policy-drop: healthy", async () => {
    const { world } = await recordedWorld("vxlan-forward-policy-drop");
    for (const node of ["192.168.6.141", "192.168.6.142", "192.168.6.143"]) {
      expect(walkTcp(world, "k1/host", node, 30007).map(arrives)).toEqual([true, true, true]);
    }
  });

  it("vxlan-udp-blocked: a rule of k3's INPUT", async () => {
    const { world } = await recordedWorld("vxlan-udp-blocked");
    const [branch] = walkTcp(world, "k1/host", "10.42.1.2", 8080);
    expect(branch).toMatchObject({
      end: "NETFILTER_DROP",
      netns: "k3/host",
      link: "eth0",
      decidedBy: [
        { of: "rule", netns: "k3/host", backend: "iptables-nft", table: "filter", chain: "INPUT", number: 1 },
      ],
    });
    expect(branch?.steps.at(-1)?.detail).toContain("--dport 8472 -j DROP");
    expect(branch === undefined ? "" : lastTap(branch)).toBe("k3/host eth0 in");
  });

  it("ipip-healthy: delivered both ways, from the node and from a pod", async () => {
    const { world, podAt } = await recordedWorld("ipip-healthy");
    expect(walkTcp(world, "node1/host", "192.168.6.141", 30007).map(arrives)).toEqual([true]);
    expect(walkTcp(world, podAt("10.244.166.131"), "10.244.104.23", 8080).map(arrives)).toEqual([true]);
  });

  it("ipip-resumed: node 2 receives through tunl0 and forwards nothing", async () => {
    const { world, podAt } = await recordedWorld("ipip-resumed");
    for (const branches of [
      walkTcp(world, "node1/host", "192.168.6.141", 30007),
      walkTcp(world, podAt("10.244.166.131"), "10.244.104.23", 8080),
    ]) {
      expect(branches).toHaveLength(1);
      expect(branches[0]).toMatchObject({ end: "FORWARDING_OFF", netns: "node2/host", link: "tunl0" });
    }
  });
});
