import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { said } from "../../../../test/said.ts";
import type { Netns } from "../../../facts/netns.ts";
import { known, unknown } from "../../../facts/provenance.ts";
import type { World } from "../../../facts/world.ts";
import { parseRoutes } from "../../../read/parse/routes.ts";
import { applyEdits, describeEdit, touches } from "./edit-kinds.ts";
import { parseSet } from "./parse-set.ts";
import { rowsOf } from "./replace-table.ts";

const id = "k2/host";
const because = { source: { node: "k2", netns: id, argv: ["sysctl", "-a"], at: "2026-01-01T00:00:00Z" }, line: 1 };

function worldOf(values: Readonly<Record<string, string>>, routes6 = ""): World {
  const none = unknown("not part of this test");
  const netns: Netns = {
    id,
    node: "k2",
    name: "host",
    path: null,
    given: [],
    links: none,
    routes: known(parseRoutes(routes6, because.source, 6).value),
    rules: none,
    neighbours: none,
    fdb: none,
    rulesets: none,
    sets: none,
    sysctls: known(Object.entries(values).map(([key, value]) => ({ key, value, because }))),
    sockets: none,
    virtualServers: none,
    conntrack: none,
    counters: none,
    linkCounters: none,
  };
  return { netns: new Map([[id, netns]]), wires: [] };
}

function write(world: World, text: string): World {
  const parsed = parseSet(`k2:${text}`, ["k2"]);
  if (!parsed.ok) throw new Error(String(said(parsed.why)));
  return applyEdits(world, [parsed.edit]);
}

function valuesOf(world: World): Readonly<Record<string, string>> {
  return Object.fromEntries(rowsOf(world, id, "sysctls").map((row) => [row.key, row.value]));
}

/** Links of a new netns with a veth pair, one of its names with a dot in it. */
const KEYS = ["all", "default", "lo", "va0", "vb0/1"].flatMap((link) =>
  ["ipv4", "ipv6"].map((family) => `net.${family}.conf.${link}.forwarding`),
);
const ALL_KEYS = [...KEYS, "net.ipv4.ip_forward", "net.ipv4.conf.all.accept_redirects", "net.ipv4.conf.va0.rp_filter"];

const isRoot = process.getuid?.() === 0;

describe.skipIf(!isRoot)("against this kernel (needs root for a network namespace of its own)", () => {
  function inKernel(writes: readonly string[]): readonly Readonly<Record<string, string>>[] {
    const read = `sysctl ${ALL_KEYS.join(" ")}; echo`;
    const script = [
      "ip link add va0 type veth peer name vb0.1 && ip link set va0 up && ip link set vb0.1 up",
      read,
      ...writes.flatMap((one) => [`sysctl -q -w ${one}`, read]),
    ].join("\n");
    const { stdout, stderr, status } = spawnSync("unshare", ["-n", "sh", "-e", "-c", script], { encoding: "utf8" });
    if (status !== 0) throw new Error(stderr);
    const states = stdout.trim().split("\n\n");
    return states.map((state) =>
      Object.fromEntries(state.split("\n").map((line) => line.split(" = ") as [string, string])),
    );
  }

  test.each([
    [["net.ipv4.ip_forward=1", "net.ipv4.conf.va0.forwarding=0", "net.ipv4.ip_forward=1", "net.ipv4.ip_forward=0"]],
    [["net.ipv4.conf.vb0/1.forwarding=1", "net.ipv4.ip_forward=0", "net.ipv4.conf.all.forwarding=1"]],
    [["net.ipv4.conf.default.forwarding=1", "net.ipv4.conf.all.forwarding=0", "net.ipv4.ip_forward=2"]],
    [["net.ipv6.conf.va0.forwarding=1", "net.ipv6.conf.all.forwarding=0", "net.ipv6.conf.all.forwarding=1"]],
    [["net.ipv4.conf.va0.rp_filter=2", "net.ipv4.conf.all.rp_filter=1", "net.ipv4.conf.va0.rp_filter=0"]],
  ])("writing %j leaves every key as the kernel leaves it", (writes) => {
    const [before, ...after] = inKernel(writes);
    let world = worldOf(before ?? {});
    for (const [at, text] of writes.entries()) {
      world = write(world, text);
      expect(valuesOf(world), `after ${text}`).toEqual(after[at]);
    }
  });
});

describe("a supposed sysctl", () => {
  test("shares the world when nothing changes", () => {
    const world = worldOf({ "net.ipv4.ip_forward": "1", "net.ipv4.conf.va0.forwarding": "0" });
    expect(write(world, "net.ipv4.ip_forward=1")).toBe(world);
    expect(write(world, "net.ipv4.conf.none.forwarding=1")).toBe(world);
  });

  test("answers other questions of the same family only", () => {
    const edit = { do: "set-sysctl", netns: id, key: "net.ipv4.ip_forward", value: "1" } as const;
    const ask = (key: string, netns = id) => touches(edit, { of: "sysctl", netns, key });
    expect(ask("net.ipv4.conf.flannel/1.forwarding")).toBe(true);
    expect(ask("net.ipv4.conf.all.forwarding")).toBe(true);
    expect(ask("net.ipv6.conf.all.forwarding")).toBe(false);
    expect(ask("net.ipv4.conf.flannel/1.rp_filter")).toBe(false);
    expect(ask("net.ipv4.ip_forward", "k1/host")).toBe(false);
  });

  test("that makes a router takes the default routes that routers advertised, but those of accept_ra 2", () => {
    const [kept, gone, own] = [
      "default via fe80::2 dev flannel.1 proto ra metric 1024",
      "default via fe80::1 dev eth0 proto ra metric 1024",
      "default via fe80::9 dev eth0 proto static metric 2048",
    ];
    const keys = { "net.ipv6.conf.all.forwarding": "0", "net.ipv6.conf.eth0.forwarding": "0" };
    const accepts = { "net.ipv6.conf.eth0.accept_ra": "1", "net.ipv6.conf.flannel/1.accept_ra": "2" };
    const world = worldOf({ ...keys, ...accepts }, `${kept}\n${gone}\n${own}\n`);
    const left = (text: string) =>
      rowsOf(write(world, text), id, "routes").map(({ nexthops }) => nexthops.map(({ via }) => via?.text).join());
    expect(left("net.ipv6.conf.all.forwarding=1")).toEqual(["fe80::2", "fe80::9"]);
    expect(left("net.ipv6.conf.eth0.forwarding=1")).toEqual(["fe80::2", "fe80::9"]);
    expect(left("net.ipv6.conf.all.forwarding=0")).toHaveLength(3);
    // A kernel that takes no advertisements has none to lose: a daemon's are the daemon's.
    const byDaemon = worldOf({ ...keys, "net.ipv6.conf.eth0.accept_ra": "0" }, `${gone}\n`);
    expect(rowsOf(write(byDaemon, "net.ipv6.conf.all.forwarding=1"), id, "routes")).toHaveLength(1);
  });

  test("is named as in a verdict", () => {
    const world = worldOf({ "net.ipv4.ip_forward": "0" });
    const edit = { do: "set-sysctl", netns: id, key: "net.ipv4.conf.all.forwarding", value: "1" } as const;
    expect(describeEdit(world, edit)).toEqual({ object: "net.ipv4.ip_forward", found: "0", wanted: "1" });
  });
});

describe("parseSet", () => {
  test.each([
    ["k2:net.ipv4.ip_forward=1", id, "net.ipv4.ip_forward", "1"],
    ["k2:net/ipv4/conf/flannel.1/forwarding=0", id, "net.ipv4.conf.flannel/1.forwarding", "0"],
    ["k2:net.ipv4.conf.flannel/1.rp_filter = 2", id, "net.ipv4.conf.flannel/1.rp_filter", "2"],
    ["k2/pod:default/web:net.ipv4.ip_forward=1", "k2/pod:default/web", "net.ipv4.ip_forward", "1"],
  ])("%s", (text, netns, key, value) => {
    expect(parseSet(text, ["k1", "k2"])).toEqual({ ok: true, edit: { do: "set-sysctl", netns, key, value } });
  });

  test.each([
    ["net.ipv4.ip_forward=1", /not of the form/],
    ["k2:net.ipv4.ip_forward", /not of the form/],
    ["k2:net.ipv4.ip_forward=", /not of the form/],
    ["k9:net.ipv4.ip_forward=1", /no node named k9; there are: k1, k2/],
    ["k2:kernel.hostname=x", /not a net\.\* sysctl/],
    ["k2:net.ipv4.ip_forward=1\u0007", /not a sysctl's value/],
  ])("%s is refused", (text, why) => {
    const parsed = parseSet(text, ["k1", "k2"]);
    expect(parsed.ok ? null : said(parsed.why)).toMatch(why);
  });
});
