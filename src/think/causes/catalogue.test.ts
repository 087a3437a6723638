import { beforeAll, describe, expect, test } from "vitest";
import * as make from "../../../test/explain/faults.ts";
import { recordedCluster } from "../../../test/explain/recorded-cluster.ts";
import { causesOf, flowTo, triedIn } from "../../../test/explain/what-happens.ts";
import { ip, prefix } from "../../facts/ip.ts";
import type { FdbEntry, Neighbour, PolicyRule, Route } from "../../facts/netns.ts";
import { netnsNameOf, nodeOf } from "../../facts/provenance.ts";
import type { World } from "../../facts/world.ts";
import type { Branch } from "../walk/branch.ts";
import type { Edit, EditKind } from "../walk/edits/edit.ts";
import { describeEdit, EDIT_KINDS } from "../walk/edits/edit-kinds.ts";
import { replaceTable } from "../walk/edits/replace-table.ts";
import { walk } from "../walk/walk.ts";
import { CAUSES, causeById, nameFinding } from "./catalogue.ts";

const POD = "k2/pod:default/frontend-764dfd4598-gnkwp";
const because = { source: { node: "k2", netns: "k2/host", argv: ["test"], at: "" }, line: 1 };

let healthy: World;
let at: Branch;
beforeAll(async () => {
  healthy = (await recordedCluster("vxlan-healthy")).world;
  const [branch] = walk(healthy, flowTo("k1/host", "10.42.0.3", 8080)).branches;
  if (branch === undefined) throw new Error("nothing is walked");
  at = branch;
});

function route(dst: string, parts: Partial<Route> = {}): Route {
  return {
    type: "unicast",
    dst: prefix(dst),
    table: 254,
    metric: 0,
    tos: 0,
    scope: "global",
    protocol: "boot",
    src: null,
    nexthops: [{ via: null, dev: "eth0", weight: 1, flags: [], encap: null }],
    mtu: null,
    because,
    ...parts,
  };
}

const entry = (dev: string): FdbEntry => ({
  mac: "02:00:00:00:00:01",
  dev,
  vlan: null,
  master: null,
  self: true,
  dst: ip("192.168.6.141"),
  dstPort: null,
  vni: null,
  via: null,
  permanent: true,
  sticky: false,
  because,
});
const neighbour = (dev: string, of = "10.42.9.0"): Neighbour => ({
  ip: ip(of),
  dev,
  mac: "02:00:00:00:00:01",
  state: "PERMANENT",
  proxy: false,
  because,
});
const policyRule: PolicyRule = {
  family: 4,
  priority: 100,
  invert: false,
  from: null,
  to: null,
  iif: null,
  oif: null,
  fwmark: null,
  ipProtocol: null,
  sport: null,
  dport: null,
  tos: null,
  action: { do: "blackhole" },
  suppressPrefixLength: null,
  unknown: [],
  because,
};
const host = { netns: "k2/host" } as const;
const chain = { backend: "iptables-nft", family: "ip", table: "filter", chain: "FORWARD" } as const;
const rule = { number: 1, matches: [], targets: [], comment: null, packets: null, text: "-A FORWARD -j DROP", because };

/** One of every kind that the search may make, and more where a kind has several names. */
const EDITS: Readonly<Record<string, Edit>> = {
  "ip-forward-off": { do: "set-sysctl", ...host, key: "net.ipv4.ip_forward", value: "1" },
  "ip-forward-off (all)": { do: "set-sysctl", ...host, key: "net.ipv4.conf.all.forwarding", value: "1" },
  "ip-forward-off (IPv6)": { do: "set-sysctl", ...host, key: "net.ipv6.conf.all.forwarding", value: "1" },
  "per-iface-forwarding-off": { do: "set-sysctl", ...host, key: "net.ipv4.conf.flannel/1.forwarding", value: "1" },
  "rp-filter-strict": { do: "set-sysctl", ...host, key: "net.ipv4.conf.all.rp_filter", value: "0" },
  "sysctl-wrong": { do: "set-sysctl", ...host, key: "net.bridge.bridge-nf-call-iptables", value: "1" },
  "rule-drops": { do: "remove-rule", ...host, ...chain, number: 1, text: "-A FORWARD -j DROP" },
  "rule-drops (policy)": { do: "set-policy", ...host, ...chain, policy: "ACCEPT" },
  "pod-iptables-drop": { do: "remove-rule", netns: POD, ...chain, number: 1, text: "-A FORWARD -j DROP" },
  "rule-missing": { do: "add-rule", ...host, ...chain, number: 1, before: null, rule, isAlone: false },
  "no-route-to-pod-cidr": { do: "add-route", ...host, route: route("10.42.2.0/25") },
  "no-route": { do: "add-route", ...host, route: route("192.168.6.128/25") },
  "no-route (default)": { do: "add-route", ...host, route: route("0.0.0.0/0", { metric: 77 }) },
  "pod-no-default-route": { do: "add-route", netns: POD, route: route("10.42.0.0/17") },
  "wrong-route": { do: "remove-route", ...host, route: route("10.42.2.0/25") },
  "wrong-route (replaced)": { do: "add-route", ...host, route: route("10.42.2.0/24") },
  "blackhole-route": { do: "remove-route", ...host, route: route("10.42.2.0/25", { type: "blackhole", nexthops: [] }) },
  "unreachable-route": {
    do: "remove-route",
    ...host,
    route: route("10.42.2.0/25", { type: "prohibit", nexthops: [] }),
  },
  "policy-rule-diverts": { do: "remove-policy-rule", ...host, rule: policyRule },
  "policy-rule-missing": { do: "add-policy-rule", ...host, rule: policyRule },
  "link-down": { do: "set-link-up", ...host, link: "flannel.1" },
  "pod-link-down": { do: "set-link-up", ...host, link: "veth88cf15e1" },
  "mtu-black-hole": { do: "set-link-mtu", ...host, link: "flannel.1", mtu: 1450 },
  "vxlan-neigh-missing": { do: "set-neighbour", ...host, neighbour: neighbour("flannel.1") },
  "vxlan-vtep-mac-mismatch": { do: "set-neighbour", ...host, neighbour: neighbour("flannel.1", "10.42.2.0") },
  "stale-arp": { do: "remove-neighbour", ...host, dev: "eth0", ip: ip("192.168.6.141") },
  "stale-arp (set)": { do: "set-neighbour", ...host, neighbour: neighbour("eth0", "192.168.6.99") },
  "vxlan-fdb-missing": { do: "set-fdb", ...host, entry: entry("flannel.1") },
  "vxlan-vni-mismatch": { do: "set-vxlan", ...host, link: "flannel.1", vni: 1, dstPort: 8472 },
  "ipset-entry-missing": { do: "set-ipset-entry", ...host, set: "allowed", entry: "10.42.0.0/16", present: true },
  "ipset-entry-foreign": { do: "set-ipset-entry", ...host, set: "blocked", entry: "10.42.0.3", present: false },
  "bridge-port-missing": { do: "set-master", ...host, link: "veth88cf15e1", master: "cni0", hairpin: false },
  "pod-address-missing": {
    do: "add-address",
    netns: "k2/pod:default/frontend-764dfd4598-gnkwp",
    link: "eth0",
    address: { ip: ip("10.42.0.3"), prefix: prefix("10.42.0.0/24"), scope: "global", secondary: false, because },
  },
  "node-address-missing": {
    do: "add-address",
    ...host,
    link: "eth0",
    address: { ip: ip("192.168.6.142"), prefix: prefix("192.168.6.0/24"), scope: "global", secondary: false, because },
  },
  "gateway-address-missing": {
    do: "add-address",
    ...host,
    link: "cni0",
    address: { ip: ip("10.42.0.1"), prefix: prefix("10.42.0.0/24"), scope: "global", secondary: false, because },
  },
  "hairpin-off": { do: "set-bridge-port", ...host, link: "veth88cf15e1", attribute: "hairpin", value: "on" },
  "bridge-port-blocked": {
    do: "set-bridge-port",
    ...host,
    link: "veth88cf15e1",
    attribute: "state",
    value: "forwarding",
  },
  "conntrack-stale-dnat": {
    do: "delete-conntrack",
    ...host,
    original: "tcp src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2",
  },
};

test("the edits above are of every kind", () => {
  expect(new Set(Object.values(EDITS).map((e) => e.do))).toEqual(new Set(Object.keys(EDIT_KINDS) as EditKind[]));
});

describe("every correction has a name, and words in both languages", () => {
  test.each(Object.keys(EDITS))("%s", (name) => {
    const edit = EDITS[name] as Edit;
    const found = nameFinding({ world: healthy, at, edits: [edit] });
    expect(found?.cause.id).toBe(name.split(" ")[0]);
    expect(found?.recognised).toMatchObject({ covers: 1, object: 0 });
    // What is to be removed is there.
    const { object, wanted, found: present } = describeEdit(healthy, edit);
    const described = { object, wanted, found: present ?? (wanted === null ? "as it was printed" : null) };
    const values = Object.entries({
      ...described,
      ...found?.recognised.params,
      node: nodeOf(edit.netns),
      netns: netnsNameOf(edit.netns),
    });
    const params = Object.fromEntries(values.flatMap(([key, value]) => (value === null ? [] : [[key, value]])));
    for (const language of ["en", "zh"] as const) {
      const summary = found?.cause.words[language].summary(params) ?? "";
      expect(summary).not.toMatch(/undefined|null|\[object|NaN| {2}/);
      expect(summary).toContain("k2");
      expect(/[\u4e00-\u9fff]/.test(summary)).toBe(language === "zh");
    }
  });
});

test("a fact of a pod's own namespace is not called its node's", () => {
  const params = {
    node: "k2",
    netns: "pod:default/web",
    object: "o",
    found: "x",
    wanted: "y",
    type: "blackhole",
    link: "eth0",
  };
  const ids = [
    "mtu-black-hole",
    "wrong-route",
    "blackhole-route",
    "policy-rule-diverts",
    "policy-rule-missing",
    "rule-missing",
  ];
  for (const id of [...ids, "pod-no-default-route", "pod-iptables-drop", "stale-arp", "sysctl-wrong"]) {
    const { en, zh } = causeById(id)?.words ?? {};
    expect(en?.summary(params), id).toContain("default/web on k2");
    expect(zh?.summary(params), id).toMatch(/k2 上的? ?default\/web/);
    expect(`${en?.summary(params)} ${zh?.summary(params)}`, id).not.toMatch(/pod:|Node k2/);
  }
});

describe("the catalogue", () => {
  test("has each id once, and finds it", () => {
    expect(new Set(CAUSES.map((c) => c.id)).size).toBe(CAUSES.length);
    for (const cause of CAUSES) expect(causeById(cause.id)).toBe(cause);
    expect(causeById("no-such-cause")).toBeNull();
  });

  test("has a name in reserve, and words that stand without the value that was not found", () => {
    for (const language of ["en", "zh"] as const) {
      const said = causeById("unnamed")?.words[language].summary({ node: "k2", netns: "host", object: "x" });
      expect(said).not.toMatch(/undefined/);
    }
  });

  test("writes Chinese with its own punctuation and terms as they are", () => {
    const params = { node: "k2", netns: "host", object: "net.ipv4.ip_forward", found: "0", wanted: "1" };
    expect(causeById("ip-forward-off")?.words.zh.summary(params)).toBe(
      "节点 k2 不转发报文：net.ipv4.ip_forward 为 0。",
    );
    for (const { words } of CAUSES) {
      const values = new Proxy({}, { get: () => "X" }) as Readonly<Record<string, string>>;
      const said = words.zh.summary(values);
      // A full stop, comma or colon next to a Chinese character is the Chinese one.
      expect(said).not.toMatch(/[\u4e00-\u9fff][.,:;]|[,;][\u4e00-\u9fff]/);
    }
  });
});

describe("a link that is down", () => {
  const down: Edit = { do: "set-link-up", ...host, link: "flannel.1" };
  const its: Edit = {
    do: "add-route",
    ...host,
    route: route("10.42.2.0/25", { nexthops: [{ via: null, dev: "flannel.1", weight: 1, flags: [], encap: null }] }),
  };
  const covers = (...edits: readonly Edit[]) => nameFinding({ world: healthy, at, edits })?.recognised.covers;

  test("took its routes and neighbours with it", () => {
    expect(covers(down, its)).toBe(2);
    expect(covers(its, down)).toBe(2);
    expect(covers(down, { do: "set-neighbour", ...host, neighbour: neighbour("flannel.1") })).toBe(2);
    expect(covers(down, { do: "set-fdb", ...host, entry: entry("flannel.1") })).toBe(2);
  });

  test("and not those of another link, nor of another node", () => {
    expect(covers(down, { do: "set-neighbour", ...host, neighbour: neighbour("eth0") })).toBe(1);
    expect(covers(down, { do: "set-fdb", ...host, entry: entry("cni0") })).toBe(1);
    expect(covers(down, { do: "add-route", ...host, route: route("10.42.2.0/25") })).toBe(1);
    expect(covers(down, { ...its, netns: "k3/host" })).toBe(1);
    expect(covers({ do: "add-route", ...host, route: route("10.42.2.0/25") }, down)).toBe(1);
  });
});

describe("by what was stopped", () => {
  const said = async (change: make.Change): Promise<readonly string[]> => {
    const world = make.made(healthy, change);
    return (await causesOf(world, triedIn(world, world, flowTo("k1/host", "10.42.0.3", 8080)))).map((c) => c.id);
  };

  test("the tunnel's own packets, what is forwarded, or another", async () => {
    const tunnel = [{ match: "dport", negate: false, ranges: [[8472, 8472]] }] as const;
    const drop = [{ do: "DROP" }] as const;
    expect(await said(make.rule("k2/host", "filter/INPUT", drop, tunnel))).toEqual(["vxlan-udp-blocked"]);
    expect(await said(make.rule("k1/host", "filter/OUTPUT", drop, tunnel))).toEqual(["vxlan-udp-blocked"]);
    expect(await said(make.rule("k2/host", "filter/FORWARD", drop))).toEqual(["forward-drop"]);
    expect(
      await said(make.rule("k2/host", "filter/FORWARD", [{ do: "REJECT", with: "icmp-host-prohibited" }])),
    ).toEqual(["forward-reject"]);
    expect(await said(make.nftDrop(POD, "INPUT"))).toEqual(["pod-iptables-drop"]);
    const inner = [{ match: "destination", negate: false, prefixes: [prefix("10.42.0.3/32")] }] as const;
    expect(await said(make.rule("k2/host", "mangle/PREROUTING", drop, inner))).toEqual(["rule-drops"]);
  });

  test("a rule that rewrites what it should leave alone does not stop it", async () => {
    const low = ip("10.42.0.3").value;
    const target = { do: "DNAT", range: { low, high: low, ports: [8081, 8081], random: false } } as const;
    const tcp = [{ match: "protocol", negate: false, protocols: [6] }] as const;
    const world = make.made(healthy, make.rule("k1/host", "nat/OUTPUT", [target], tcp));
    const [cause] = await causesOf(world, triedIn(world, world, flowTo("k1/host", "10.42.0.3", 8080)));
    expect(cause?.id).toBe("rule-drops");
    const words = causeById("rule-drops")?.words;
    expect(words?.en.summary(cause?.params ?? {})).toMatch(/^A netfilter rule on k1 sends the packet astray: rule /);
    expect(words?.zh.summary(cause?.params ?? {})).toMatch(/^节点 k1 上的一条 netfilter 规则把报文改送到了别处：/);
  });

  test("a route of the same prefix that leads elsewhere is wrong, not missing", async () => {
    const astray: make.Change = (world) =>
      replaceTable(world, "k1/host", "routes", (rows) =>
        rows.map((r) =>
          r.dst.text === "10.42.0.0/24"
            ? { ...r, nexthops: r.nexthops.map((h) => ({ ...h, via: ip("10.42.77.0") })) }
            : r,
        ),
      );
    expect(await said(astray)).toEqual(["wrong-route"]);
  });

  test("IPIP's protocol 4", async () => {
    const { world } = await recordedCluster("ipip-healthy");
    const blocked = make.made(
      world,
      make.rule("node2/host", "filter/INPUT", [{ do: "DROP" }], [{ match: "protocol", negate: false, protocols: [4] }]),
    );
    const tried = triedIn(blocked, blocked, flowTo("node1/host", "10.244.104.23", 8080));
    expect((await causesOf(blocked, tried)).map((c) => c.id)).toEqual(["ipip-proto4-blocked"]);
  });
});
