import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { notesSaid, said } from "../../../test/said.ts";
import type { Cluster, Pod } from "../../facts/cluster.ts";
import { ip } from "../../facts/ip.ts";
import type { Netns } from "../../facts/netns.ts";
import { linksOf } from "../../facts/world.ts";
import { parseInventory } from "../transport/inventory.ts";
import { openNetnsReader } from "../transport/netns.ts";
import { collectWorld } from "./collect-world.ts";
import { known } from "../../facts/provenance.ts";

const LIMITS = { timeoutMs: 10_000, maxBytes: 64 << 20 };
/** Two clusters with the same addresses and the same indexes, as two labs on one machine would have them. */
const A = `lhrd-${process.pid}-a`;
const B = `lhrd-${process.pid}-b`;

function sh(script: string): void {
  execFileSync("sh", ["-euc", script]);
}

function buildCluster(prefix: string): void {
  sh(`
    ip netns add ${prefix}-lan
    ip -n ${prefix}-lan link add br0 type bridge; ip -n ${prefix}-lan link set br0 up
    for n in 1 2; do
      k=${prefix}-k$n
      ip netns add $k; ip netns add $k-pod
      ip -n $k link set lo up; ip -n $k-pod link set lo up
      ip link add eth0 netns $k type veth peer name k$n netns ${prefix}-lan
      ip -n ${prefix}-lan link set k$n master br0 up
      ip -n $k addr add 192.168.77.14$n/24 dev eth0; ip -n $k link set eth0 up
      ip -n $k link add flannel.1 type vxlan id 1 dstport 8472 local 192.168.77.14$n dev eth0 nolearning
      ip -n $k addr add 10.77.$n.0/32 dev flannel.1; ip -n $k link set flannel.1 up
      ip -n $k link add cni0 type bridge; ip -n $k addr add 10.77.$n.1/24 dev cni0; ip -n $k link set cni0 up
      ip link add eth0 netns $k-pod type veth peer name vethpod netns $k
      ip -n $k link set vethpod master cni0 up
      ip -n $k-pod addr add 10.77.$n.2/24 dev eth0; ip -n $k-pod link set eth0 up
      ip -n $k-pod route add default via 10.77.$n.1
    done`);
}

function pod(node: string, address: string, more: Partial<Pod> = {}): Pod {
  return {
    namespace: "default",
    name: `web-${node}`,
    node,
    phase: "Running",
    ready: true,
    hostNetwork: false,
    ips: [ip(address)],
    labels: {},
    containers: [],
    ...more,
  };
}

const cluster: Cluster = {
  nodes: ["k1", "k2", "k3"].map((name) => ({ name, internalIps: [], podCidrs: [], ready: true, annotations: {} })),
  pods: [
    pod("k1", "10.77.1.2"),
    pod("k2", "10.77.2.2"),
    pod("k2", "10.77.2.9", { name: "lost" }),
    pod("k2", "192.168.77.142", { name: "agent", hostNetwork: true }),
    pod("k3", "10.77.3.2"),
  ],
  services: [],
  endpoints: [],
  endpointsKnown: true,
  namespaces: known([]),
  networkPolicies: known([]),
};

function read(prefix: string, nodes = ["k1", "k2"]) {
  const text = JSON.stringify({
    nodes: Object.fromEntries(nodes.map((node) => [node, `${prefix}-${node}`])),
    here: `${prefix}-lan`,
  });
  return openNetnsReader(parseInventory(text, "inventory"));
}

function state(netns: string): string {
  const run = (...argv: string[]) =>
    spawnSync("nsenter", [`--net=/run/netns/${netns}`, "--", ...argv], { encoding: "utf8" }).stdout;
  return [
    run("cat", "/proc/net/ip_tables_names", "/proc/net/ip6_tables_names"),
    run("nft", "list", "ruleset"),
    run("iptables-nft-save"),
    run("ip", "addr"),
    run("ip", "route", "show", "table", "all"),
    existsSync("/proc/modules") ? readFileSync("/proc/modules", "utf8").replaceAll(/ \d+ /g, " ") : "",
  ].join("\n--\n");
}

/** Duplicate address detection and linkwatch (net/core/link_watch.c) change what links tell a second later, whoever reads. */
async function settled(places: readonly string[]): Promise<readonly string[]> {
  for (let now = places.map(state); ; ) {
    await sleep(1500);
    const later = places.map(state);
    if (later.every((text, i) => text === now[i])) return later;
    now = later;
  }
}

describe.skipIf(process.getuid?.() !== 0)("collecting from namespaces (needs root)", () => {
  beforeAll(() => {
    buildCluster(A);
    buildCluster(B);
    sh(`ip netns exec ${A}-k1 iptables-legacy -A FORWARD -s 10.77.0.0/16 -j ACCEPT
        ip netns exec ${A}-k2 iptables-nft -A FORWARD -s 10.77.0.0/16 -j ACCEPT
        ip netns exec ${A}-k2 nft add table inet native
        ip netns exec ${A}-k2 sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.flannel/1.rp_filter=2`);
  });
  afterAll(() => {
    for (const prefix of [A, B]) {
      for (const name of ["lan", "k1", "k1-pod", "k2", "k2-pod"])
        spawnSync("ip", ["netns", "del", `${prefix}-${name}`]);
    }
  });

  test("nodes, pods of this cluster and not of the one beside, wires, rules of each backend", async () => {
    const reader = read(A);
    const { world, notChecked, bootIds } = await collectWorld(reader, cluster, { limits: LIMITS });
    await reader.close();
    expect([...world.netns.keys()].sort()).toEqual([
      "here/host",
      "k1/host",
      "k1/pod:default/web-k1",
      "k2/host",
      "k2/pod:default/lost",
      "k2/pod:default/web-k2",
      "k3/host",
      "k3/pod:default/web-k3",
    ]);
    expect(world.netns.get("k1/pod:default/web-k1")?.path).toBe(`/run/netns/${A}-k1-pod`);
    expect(world.netns.get("k2/pod:default/web-k2")?.path).toBe(`/run/netns/${A}-k2-pod`);
    expect(world.wires).toEqual([
      {
        kind: "veth",
        ends: [
          { netns: "k1/host", link: "vethpod" },
          { netns: "k1/pod:default/web-k1", link: "eth0" },
        ],
      },
      {
        kind: "veth",
        ends: [
          { netns: "k2/host", link: "vethpod" },
          { netns: "k2/pod:default/web-k2", link: "eth0" },
        ],
      },
      {
        kind: "segment",
        ends: [
          { netns: "k1/host", link: "eth0" },
          { netns: "k2/host", link: "eth0" },
        ],
      },
    ]);
    const tables = (netns: Netns | undefined) =>
      netns?.rulesets.known
        ? netns.rulesets.value.flatMap(({ backend, tables: list }) =>
            list.map((table) => `${backend} ${table.family} ${table.name}`),
          )
        : netns?.rulesets;
    expect(tables(world.netns.get("k1/host"))).toEqual(["iptables-legacy ip filter"]);
    expect(tables(world.netns.get("k2/host"))).toEqual(["iptables-nft ip filter", "nft inet native"]);
    const sysctls = world.netns.get("k2/host")?.sysctls;
    const value = (key: string) => (sysctls?.known ? sysctls.value.find((one) => one.key === key)?.value : undefined);
    expect([value("net.ipv4.ip_forward"), value("net.ipv4.conf.flannel/1.rp_filter")]).toEqual(["1", "2"]);
    expect(linksOf(world.netns.get("k2/host")).find((link) => link.name === "flannel.1")?.vxlan?.vni).toBe(1);
    expect(bootIds.get("k1")).toBe(readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
    expect(notesSaid(notChecked)).toEqual([
      { what: "node k3", why: expect.stringContaining("no way to reach it") },
      { what: "network namespace: pod default/lost on k2", why: expect.stringContaining("10.77.2.9") },
    ]);
    expect(world.netns.get("k2/pod:default/lost")?.routes.known).toBe(false);
  });

  test("connections are read where there are any", async () => {
    sh(`ip netns exec ${A}-k2 iptables-nft -A OUTPUT -m conntrack --ctstate NEW -j ACCEPT
        ip netns exec ${A}-k2 ping -c 1 -W 1 10.77.2.2 >/dev/null || true
        ip netns exec ${A}-k2 conntrack -I -p udp -s fd77::1 -d fd77::2 --sport 4000 --dport 53 -t 100 2>/dev/null`);
    const reader = read(A);
    const { world } = await collectWorld(reader, cluster, { limits: LIMITS, nodes: ["k1", "k2"], pods: () => false });
    await reader.close();
    const entries = (node: string) => world.netns.get(`${node}/host`)?.conntrack;
    expect(entries("k1")).toEqual({ known: true, value: [] });
    const of = entries("k2");
    const seen = of?.known ? of.value.map((entry) => entry.original.dst.text) : [];
    for (const address of ["10.77.2.2", "fd77::2"]) expect(seen.filter((text) => text === address)).toHaveLength(1);
    expect([...world.netns.keys()]).toEqual(["k1/host", "k2/host"]);
  });

  test("a node that cannot be reached is unknown and one line; the others are read", async () => {
    const reader = openNetnsReader(parseInventory(`nodes: {k1: ${A}-k1, k2: lhrd-gone}`, "inventory"));
    const { world, notChecked } = await collectWorld(reader, { ...cluster, nodes: [] }, { limits: LIMITS });
    await reader.close();
    expect(world.netns.get("k1/host")?.links.known).toBe(true);
    for (const name of ["k2/host", "k2/pod:default/web-k2"]) {
      const links = world.netns.get(name)?.links;
      expect(links?.known === false ? said(links.why) : null).toContain("lhrd-gone");
    }
    expect(notesSaid(notChecked)).toEqual([
      { what: "node: k2", why: expect.stringContaining("no network namespace lhrd-gone") },
    ]);
  });

  test("a pod that has lost its address is found where one namespace is left over, and not where two may be it", async () => {
    const place = `${A}-k2-pod`;
    sh(`ip -n ${place} addr flush dev eth0`);
    const pathOf = async (pods: (pod: Pod) => boolean) => {
      const reader = read(A);
      const { world } = await collectWorld(reader, cluster, { limits: LIMITS, nodes: ["k2"], pods });
      await reader.close();
      return world.netns.get("k2/pod:default/web-k2");
    };
    const lone = (pod: Pod) => pod.name === "web-k2";
    const found = await pathOf(lone);
    expect([found?.path, found?.given.map(({ text }) => text)]).toEqual([`/run/netns/${place}`, ["10.77.2.2"]]);
    expect((await pathOf(() => true))?.path, "two pods are without").toBeNull();
    sh(`ip netns add ${place}2
        ip -n ${A}-k2 link add vethmore type veth peer name eth0 netns ${place}2`);
    try {
      expect((await pathOf(lone))?.path, "two namespaces are without").toBeNull();
    } finally {
      sh(`ip netns del ${place}2
          ip -n ${place} addr add 10.77.2.2/24 dev eth0
          ip -n ${place} route add default via 10.77.2.1`);
    }
  }, 30_000);

  test("reading leaves modules, tables, rulesets, links and routes as they were", async () => {
    const places = ["k1", "k1-pod", "k2", "k2-pod", "lan"].map((name) => `${B}-${name}`);
    const before = await settled(places);
    const reader = read(B);
    await collectWorld(reader, cluster, { limits: LIMITS });
    await reader.close();
    expect(places.map(state)).toEqual(before);
    const legacy = `${A}-k1`;
    const held = state(legacy);
    expect(held.split("\n--\n")[0]?.trim()).toBe("filter");
    const other = read(A);
    await collectWorld(other, cluster, { limits: LIMITS });
    await other.close();
    expect(state(legacy)).toBe(held);
  }, 30_000);
});
