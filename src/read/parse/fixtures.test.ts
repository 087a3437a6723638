import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { parsePrefix, prefix } from "../../facts/ip.ts";
import type { Source } from "../../facts/provenance.ts";
import { parseFdb } from "./bridge-fdb.ts";
import { parseConntrack } from "./conntrack.ts";
import { parseConntrackStats } from "./conntrack-stats.ts";
import { parseCounters } from "./counters.ts";
import { parseIpsetSave } from "./ipset-save.ts";
import { parseIptablesSave } from "./iptables-save.ts";
import { parseLinkCounters } from "./link-counters.ts";
import { parseLinks } from "./links.ts";
import { parseNeighbours } from "./neighbours.ts";
import { parseNftRuleset } from "./nft-ruleset.ts";
import type { Parsed } from "./parsed.ts";
import { parsePolicyRules } from "./policy-rules.ts";
import { parseRoutes } from "./routes.ts";
import { parseSockets } from "./sockets.ts";
import { parseSysctls } from "./sysctls.ts";

const FIXTURES = join(import.meta.dirname, "../../../fixtures");
const CLUSTERS = [
  "vxlan-healthy",
  "vxlan-ip-forward-off",
  "vxlan-forward-policy-drop",
  "vxlan-udp-blocked",
  "ipip-healthy",
  "ipip-resumed",
];
const source: Source = { node: "n", netns: "n/host", argv: [], at: "2026-01-01T00:00:00Z" };

const PARSERS: Readonly<Record<string, (text: string) => Parsed<unknown>>> = {
  "ip-link.txt": (text) => parseLinks(text, source, null, null),
  "ip-addr.txt": (text) => parseLinks(text, source, null, null),
  "ip-route.txt": (text) => parseRoutes(text, source),
  "ip-6-route.txt": (text) => parseRoutes(text, source, 6),
  "ip-rule.txt": (text) => parsePolicyRules(text, source, 4),
  "ip-neigh.txt": (text) => parseNeighbours(text, source),
  "bridge-fdb.txt": (text) => parseFdb(text, source),
  "ss.txt": (text) => parseSockets(text, source),
  "sysctl-net.txt": (text) => parseSysctls(text, source),
  "proc-net-dev.txt": (text) => parseLinkCounters(text, source),
  "proc-net-snmp.txt": (text) => parseCounters(text, source),
  "proc-net-snmp6.txt": (text) => parseCounters(text, source),
  "proc-net-snmp.before.txt": (text) => parseCounters(text, source),
  "proc-net-snmp.after.txt": (text) => parseCounters(text, source),
  "proc-net-netstat.txt": (text) => parseCounters(text, source),
  "conntrack-stats.txt": (text) => parseConntrackStats(text, source),
  "nf_conntrack.txt": (text) => parseConntrackStats(text, source),
  "conntrack.txt": (text) => parseConntrack(text, source),
  "ipset-save.txt": (text) => parseIpsetSave(text, source),
  "iptables-save.txt": (text) => parseIptablesSave(text, source, "iptables-nft", "ip"),
  "iptables-legacy-save.txt": (text) => parseIptablesSave(text, source, "iptables-legacy", "ip"),
  "ip6tables-save.txt": (text) => parseIptablesSave(text, source, "iptables-nft", "ip6"),
  "nft-ruleset.json": (text) => parseNftRuleset(text, source, new Set()),
};

function outputsOf(cluster: string): readonly string[] {
  return readdirSync(join(FIXTURES, cluster), { recursive: true, encoding: "utf8" })
    .filter((path) => Object.hasOwn(PARSERS, basename(path)))
    .map((path) => join(FIXTURES, cluster, path));
}

function read(...path: readonly string[]): string {
  return readFileSync(join(FIXTURES, ...path), "utf8");
}

function linesIn(text: string): number {
  return text.split("\n").filter((line) => line.trim() !== "").length;
}

describe.each(CLUSTERS)("%s", (cluster) => {
  test("every output parses without a problem", () => {
    const paths = outputsOf(cluster);
    expect(paths.length).toBeGreaterThan(30);
    for (const path of paths) {
      const parsed = PARSERS[basename(path)]?.(readFileSync(path, "utf8"));
      expect(parsed?.problems, path).toEqual([]);
    }
  });

  test("one fact a line, where a tool prints one a line", () => {
    for (const path of outputsOf(cluster)) {
      if (!/^(?:ip-route|ip-6-route|ip-rule|ip-neigh|bridge-fdb|ss|conntrack|sysctl-net)\.txt$/.test(basename(path))) {
        continue;
      }
      const text = readFileSync(path, "utf8");
      expect(PARSERS[basename(path)]?.(text).value, path).toHaveLength(linesIn(text));
    }
  });

  test("links agree with the tool's own JSON", () => {
    for (const path of outputsOf(cluster).filter((one) => basename(one) === "ip-addr.txt")) {
      const directory = dirname(path);
      const link = readFileSync(join(directory, "ip-link.txt"), "utf8");
      const links = parseLinks(link, source, readFileSync(path, "utf8"), source).value;
      const json = JSON.parse(readFileSync(join(directory, "ip-addr.json"), "utf8"));
      expect(links).toHaveLength(json.length);
      for (const expected of json) {
        const found = links.find((one) => one.name === expected.ifname);
        expect(found, `${path} ${expected.ifname}`).toMatchObject({
          index: expected.ifindex,
          mtu: expected.mtu,
          qdisc: expected.qdisc,
          flags: expected.flags,
          master: expected.master ?? null,
          up: expected.flags.includes("UP"),
        });
        expect(found?.addresses.map((address) => address.ip.text)).toEqual(
          expected.addr_info.map((info: { local: string }) => info.local),
        );
      }
    }
  });

  test("routes agree with the tool's own JSON", () => {
    for (const path of outputsOf(cluster).filter((one) => basename(one) === "ip-route.txt")) {
      const json = join(dirname(path), "ip-route.json");
      const expected = path.includes("/pods/cni-") ? null : JSON.parse(readFileSync(json, "utf8"));
      if (expected === null) continue;
      const routes = parseRoutes(readFileSync(path, "utf8"), source).value.filter((route) => route.dst.family === 4);
      const ofIpv4 = expected.filter((one: { dst: string; pref?: string }) => one.pref === undefined);
      expect(
        routes.map((route) => [route.type, route.dst.text, route.protocol, route.nexthops[0]?.dev ?? null]),
      ).toEqual(
        ofIpv4.map((one: { type?: string; dst: string; protocol?: string; dev?: string }) => [
          one.type ?? "unicast",
          parsePrefix(one.dst, 4)?.text,
          one.protocol ?? "boot",
          one.dev ?? null,
        ]),
      );
    }
  });
});

describe("what the recorded clusters say", () => {
  test("flannel's VXLAN device, its bridge and a pod's port", () => {
    const { value: links } = parseLinks(
      read("vxlan-ip-forward-off/k2/ip-link.txt"),
      source,
      read("vxlan-ip-forward-off/k2/ip-addr.txt"),
      source,
    );
    const byName = new Map(links.map((link) => [link.name, link]));
    expect(byName.get("lo")?.kind).toBe("loopback");
    expect(byName.get("flannel.1")).toMatchObject({
      kind: "vxlan",
      vxlan: { vni: 1, dev: "eth0", dstPort: 8472, learning: false, ttl: "auto", external: false, remote: null },
    });
    expect(byName.get("flannel.1")?.vxlan?.local?.text).toBe("192.168.6.142");
    expect(byName.get("cni0")?.bridge).toEqual({
      vlanFiltering: false,
      stp: false,
      nfCallIptables: false,
      nfCallIp6tables: false,
    });
    expect(byName.get("veth6fd59399")).toMatchObject({
      kind: "veth",
      master: "cni0",
      peerIndex: 2,
      peerNetns: { netnsid: 1 },
      lower: null,
      port: { state: "forwarding", hairpin: true, isolated: false, learning: true, flood: true, neighSuppress: false },
    });
    expect(byName.get("eth0")?.peerNetns).toEqual({ name: "klan" });
    expect(byName.get("cni0")?.addresses[0]).toMatchObject({ scope: "global", secondary: false });
    expect(byName.get("cni0")?.addresses[0]?.prefix.text).toBe("10.42.0.0/24");
    expect(byName.get("cni0")?.addresses[0]?.because.line).toBe(21);
  });

  test("Calico's tunl0, and its blackhole beside the route of a pod", () => {
    const { value: links } = parseLinks(read("ipip-resumed/node2/ip-link.txt"), source, null, null);
    expect(links.find((link) => link.name === "tunl0")).toMatchObject({
      kind: "ipip",
      mac: null,
      lower: null,
      peerIndex: null,
      tunnel: { mode: "any", local: null, remote: null, ttl: "inherit", pmtudisc: false, external: false },
    });
    const { value: routes } = parseRoutes(read("ipip-resumed/node2/ip-route.txt"), source);
    const blackhole = routes.find((route) => route.type === "blackhole");
    expect(blackhole).toMatchObject({ protocol: "bird", table: 254, nexthops: [], because: { line: 2 } });
    const remote = routes.find((route) => route.dst.text === "10.244.166.128/26");
    expect(remote?.nexthops[0]).toMatchObject({ dev: "tunl0", flags: ["onlink"], weight: 1 });
    expect(routes.find((route) => route.dst.text === "10.244.104.0/32")).toMatchObject({ type: "local", table: 255 });
    expect(routes.filter((route) => route.dst.family === 6)).toHaveLength(8);
  });

  test("two addrtype matches in one rule stay two", () => {
    const { value: tables } = parseIptablesSave(
      read("ipip-healthy/node1/iptables-save.txt"),
      source,
      "iptables-nft",
      "ip",
    );
    const chain = tables.find((table) => table.name === "nat")?.chains.find((one) => one.name === "cali-POSTROUTING");
    const rule = chain?.rules.find((one) => one.text.includes("--limit-iface-out"));
    expect(rule?.comment).toBe("cali:SXWvdsbh4Mw7wOln");
    expect(rule?.matches).toEqual([
      { match: "out", name: "tunl0", negate: false },
      { match: "addrtype", side: "src", types: ["LOCAL"], limitIface: "out", negate: true },
      { match: "addrtype", side: "src", types: ["LOCAL"], limitIface: null, negate: false },
    ]);
    expect(rule?.targets).toEqual([{ do: "MASQUERADE" }]);
  });

  test("a policy, a rule with a negated source, counters, and a comment with quotes", () => {
    const text = read("vxlan-forward-policy-drop/k2/iptables-save.txt");
    const { value: tables } = parseIptablesSave(text, source, "iptables-nft", "ip");
    const filter = tables.find((table) => table.name === "filter");
    const forward = filter?.chains.find((chain) => chain.name === "FORWARD");
    expect(forward).toMatchObject({ hook: "FORWARD", priority: 0, type: "filter", policy: "DROP" });
    const firewall = filter?.chains.find((chain) => chain.name === "KUBE-FIREWALL");
    expect(firewall).toMatchObject({ hook: null, priority: null, policy: null });
    expect(firewall?.rules[1]?.matches).toEqual([
      { match: "source", prefixes: [prefix("127.0.0.0/8")], negate: true },
      { match: "destination", prefixes: [prefix("127.0.0.0/8")], negate: false },
      { match: "ct-state", states: ["RELATED", "ESTABLISHED", "DNAT"], negate: true },
    ]);
    const rules = filter?.chains.flatMap((chain) => chain.rules) ?? [];
    const comments = rules.map((rule) => rule.comment);
    expect(comments).toContain("rule to permit the traffic traffic to pods when source is the pod's local node");
    const texts = text.split("\n");
    for (const rule of rules) expect(texts[rule.because.line - 1]?.endsWith(rule.text)).toBe(true);
  });

  test("no rule of a recorded cluster is beyond the model", () => {
    for (const cluster of CLUSTERS) {
      for (const path of outputsOf(cluster).filter((one) => /tables-save\.txt$/.test(one))) {
        const family = basename(path) === "ip6tables-save.txt" ? "ip6" : "ip";
        const { value: tables } = parseIptablesSave(readFileSync(path, "utf8"), source, "iptables-nft", family);
        for (const rule of tables.flatMap((table) => table.chains.flatMap((chain) => chain.rules))) {
          expect(
            rule.matches.some((match) => match.match === "unknown"),
            rule.text,
          ).toBe(false);
          expect(
            rule.targets.some((target) => target.do === "unknown"),
            rule.text,
          ).toBe(false);
        }
      }
    }
  });

  test("what iptables-nft printed is left out of the native ruleset", () => {
    const json = read("ipip-resumed/node2/nft-ruleset.json");
    expect(parseNftRuleset(json, source, new Set()).value.tables).toHaveLength(4);
    const managed = new Set(["ip raw", "ip mangle", "ip filter", "ip nat"]);
    expect(parseNftRuleset(json, source, managed).value.tables).toEqual([]);
  });

  test("the counter that moved in the incident", () => {
    const at = (when: string): bigint | undefined =>
      parseCounters(read(`ipip-resumed/node2/proc-net-snmp.${when}.txt`), source).value.get("IpInAddrErrors");
    expect([at("before"), at("after")]).toEqual([0n, 7n]);
  });

  test("sockets, sets, connections, switches", () => {
    const { value: sockets } = parseSockets(read("vxlan-healthy/k2/ss.txt"), source);
    expect(sockets.find((socket) => socket.localPort === 10250)).toMatchObject({ local: null, families: [4, 6] });
    expect(sockets.find((socket) => socket.localPort === 8472)).toMatchObject({ protocol: "udp", families: [4] });
    expect(sockets.find((socket) => socket.localPort === 6444)?.local?.text).toBe("127.0.0.1");
    const { value: sets } = parseIpsetSave(read("ipip-resumed/node2/ipset-save.txt"), source);
    expect(sets.find((set) => set.name === "cali40all-hosts-net")).toMatchObject({
      type: "hash:net",
      family: 4,
      entries: ["192.168.6.142", "192.168.6.141"],
    });
    const { value: connections } = parseConntrack(read("ipip-resumed/node2/conntrack.txt"), source);
    const ping = connections.find((one) => one.protocol === 1);
    expect([ping?.original.dport, ping?.reply.dport, ping?.state]).toEqual([8 * 256, 0, null]);
    const { value: sysctls } = parseSysctls(read("ipip-resumed/node2/sysctl-net.txt"), source);
    expect(sysctls.find((one) => one.key === "net.ipv4.ip_forward")?.value).toBe("0");
  });
});
