import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { parsePrefix } from "../../facts/ip.ts";
import type { Source } from "../../facts/provenance.ts";
import type { Rule } from "../../facts/ruleset.ts";
import { parseFdb } from "./bridge-fdb.ts";
import { parseIpsetSave } from "./ipset-save.ts";
import { parseIptablesSave } from "./iptables-save.ts";
import { parseLinks } from "./links.ts";
import { parseNeighbours } from "./neighbours.ts";
import { parseNftRuleset } from "./nft-ruleset.ts";
import { parsePolicyRules } from "./policy-rules.ts";
import { parseRoutes } from "./routes.ts";

const source: Source = { node: "n", netns: "n/host", argv: [], at: "2026-01-01T00:00:00Z" };

/** Runs a script in a network namespace of its own, which ends with it; `== NAME` lines part its output. */
function inNamespace(script: string): ReadonlyMap<string, string> {
  const path = `${process.env.PATH}:/usr/sbin:/sbin`;
  const argv = ["-n", "sh", "-c", script];
  const output = execFileSync("unshare", argv, {
    encoding: "utf8",
    env: { ...process.env, PATH: path },
    stdio: "pipe",
  });
  const parts = output.split(/^== (\S+)\n/m);
  return new Map(parts.flatMap((part, i) => (i % 2 === 1 ? [[part, parts[i + 1] ?? ""] as const] : [])));
}

const SHOW = `
show() { name=$1; shift; echo "== $name"; "$@"; echo; }
`;

// biome-ignore lint/suspicious/noExplicitAny: what a tool prints as JSON is compared field by field
type Any = any;

const isRoot = process.getuid?.() === 0;

describe.skipIf(!isRoot)("against `ip -j` of a real namespace (needs root)", () => {
  const shown = isRoot
    ? inNamespace(`${SHOW}
ip link set lo up
ip link add v0 type veth peer name v1
ip link add br0 type bridge
ip link set v0 master br0
bridge link set dev v0 hairpin on isolated on learning off flood off neigh_suppress on
ip link set br0 up; ip link set v0 up; ip link set v1 up
ip link add far0 type veth peer name far1
ip link add vx1 type vxlan id 5 remote 10.9.9.4 local 10.9.9.5 dev v1 dstport 4789 ttl 5
ip link add vx2 type vxlan id 6 group 239.1.1.1 dev v1 dstport 4790 ttl inherit
ip link add vx3 type vxlan external dstport 4791
ip link add vx4 type vxlan id 7 remote fd00::1 local fd00::2 dstport 4792 nolearning
ip link add mv0 link v1 type macvlan mode bridge
ip link add dm0 type dummy 2>/dev/null; ip link add vl10 link v1 type vlan id 10 2>/dev/null
ip link add gr0 type gre local 10.9.9.5 remote 10.9.9.6 ttl 9 2>/dev/null
ip link set v1 alias "x mtu 5 master nobody"
ip addr add 10.0.0.1 peer 10.0.0.2/32 dev v1; ip addr add 10.0.1.1/24 brd + dev v1 label v1:a
ip addr add 10.0.1.2/24 dev v1; ip addr add fd00::5/64 dev v1 nodad
ip route add 10.10.0.0/24 nexthop via 10.0.1.3 dev v1 weight 2 nexthop via 10.0.1.4 dev v1 onlink
ip route add blackhole 10.8.0.0/24 proto bird metric 5; ip route add unreachable 10.7.0.0/24
ip route add prohibit 10.6.0.0/24 table 100; ip route add throw 10.5.0.0/24 table 5000
ip route add 10.4.0.0/24 via 10.0.1.3 mtu lock 1400 tos 0x10 src 10.0.1.1 proto 99
ip route add 10.3.0.0/24 via inet6 fe80::1 dev v1
ip nexthop add id 5 via 10.0.1.9 dev v1 && ip route add 10.3.3.0/24 nhid 5
ip route add default via 10.0.1.254 dev v1 onlink metric 50
ip -6 route add fd01::/64 nexthop via fd00::3 dev v1 nexthop via fd00::4 dev v1 weight 3
ip -6 route add blackhole fd02::/64; ip -6 route add unreachable fd03::/64 metric 7
ip -6 route add default via fe80::1 dev v1; ip -6 route add fd05::/64 via fd00::3 dev v1 mtu 1300
ip rule add not from 10.0.0.0/8 fwmark 0x10/0xff lookup 100 pref 100
ip rule add iif v1 oif v0 lookup main suppress_prefixlength 0 pref 101
ip rule add iif gone to 10.9.0.1 dport 80-90 sport 5 ipproto tcp tos 0x10 table 5000 pref 102
ip rule add blackhole from 10.9.0.1 pref 103; ip rule add prohibit to 1.0.0.0/8 pref 104
ip rule add unreachable from 2.2.2.2 pref 105; ip rule add goto 30000 fwmark 5 pref 106
ip rule add uidrange 0-5 lookup 5 pref 107; ip rule add l3mdev pref 108
ip -6 rule add from fd00::/64 lookup 100 pref 50
ip neigh add 10.0.1.3 lladdr 02:00:00:00:00:01 dev v1 nud permanent
ip neigh add 10.0.1.4 lladdr 02:00:00:00:00:02 dev v1 nud stale
ip neigh add fd00::9 dev v1 lladdr 02:00:00:00:00:02 router nud stale
ip neigh add proxy 10.0.1.77 dev v1; ip neigh add proxy fd00::77 dev v1
bridge fdb add 02:00:00:00:00:09 dev vx1 dst 10.9.9.9 port 5 vni 9 via v1
bridge fdb append 00:00:00:00:00:00 dev vx1 dst 10.9.9.8
bridge fdb add 02:00:00:00:00:0a dev v0 master static; bridge fdb add 02:00:00:00:00:0b dev v0 master dynamic extern_learn
ip link set far0 down
show link ip -d link show; show linkj ip -j -d link show; show addr ip addr show; show addrj ip -j addr show
show route4 ip -4 route show table all; show route4j ip -j -4 route show table all
show route6 ip -6 route show table all; show route6j ip -j -6 route show table all
show rule4 ip -4 rule show; show rule4j ip -j -4 rule show; show rule6 ip -6 rule show
show neigh ip neigh show; show neighj ip -j neigh show; show proxy ip neigh show proxy
show fdb bridge fdb show; show fdbd bridge -d fdb show; show fdbj bridge -j fdb show
`)
    : new Map<string, string>();
  const text = (name: string): string => shown.get(name) ?? "";
  const json = (name: string): Any[] => JSON.parse(text(name));

  test("links", () => {
    const parsed = parseLinks(text("link"), source, text("addr"), source);
    expect(parsed.problems).toEqual([]);
    const expected = json("linkj");
    expect(parsed.value.map((link) => link.name)).toEqual(expected.map((one) => one.ifname));
    expect(parsed.value.length).toBeGreaterThan(8);
    for (const one of expected) {
      const link = parsed.value.find((candidate) => candidate.name === one.ifname);
      const data = one.linkinfo?.info_data ?? {};
      expect(link, one.ifname).toMatchObject({
        index: one.ifindex,
        flags: one.flags,
        mtu: one.mtu,
        master: one.master ?? null,
        kind: one.linkinfo?.info_kind ?? "loopback",
        lower: one.link ?? null,
        mac: one.address ?? null,
      });
      if (one.link !== undefined) {
        expect(link?.peerIndex).toBe(expected.find((other) => other.ifname === one.link)?.ifindex);
      }
      if (one.linkinfo?.info_kind === "vxlan") {
        expect(link?.vxlan).toMatchObject({
          vni: data.external ? null : data.id,
          dstPort: data.port,
          learning: data.learning ?? false,
          external: data.external ?? false,
          dev: data.link ?? null,
        });
        expect(link?.vxlan?.remote?.text).toBe(data.remote ?? data.remote6);
        expect(link?.vxlan?.local?.text).toBe(data.local ?? data.local6);
        expect(link?.vxlan?.group?.text).toBe(data.group);
      }
      if (one.linkinfo?.info_kind === "bridge") {
        expect(link?.bridge).toEqual({
          vlanFiltering: data.vlan_filtering === 1,
          stp: data.stp_state === 1,
          nfCallIptables: data.nf_call_iptables === 1,
          nfCallIp6tables: data.nf_call_ip6tables === 1,
        });
      }
      const slave = one.linkinfo?.info_slave_data;
      if (slave !== undefined) {
        expect(link?.port).toEqual({
          state: slave.state,
          hairpin: slave.hairpin,
          isolated: slave.isolated,
          learning: slave.learning,
          flood: slave.flood,
          neighSuppress: slave.neigh_suppress,
        });
      }
    }
  });

  test("addresses, also from `ip addr` alone", () => {
    const joined = parseLinks(text("link"), source, text("addr"), source).value;
    const alone = parseLinks(text("addr"), source, null, null).value;
    for (const links of [joined, alone]) {
      for (const one of json("addrj")) {
        const link = links.find((candidate) => candidate.name === one.ifname);
        expect(link?.addresses.map((a) => [a.ip.text, a.prefix.length, a.scope, a.secondary])).toEqual(
          one.addr_info.map((info: Any) => [info.local, info.prefixlen, info.scope, info.secondary ?? false]),
        );
      }
    }
    const v1 = joined.find((link) => link.name === "v1");
    expect(v1?.addresses[0]?.prefix.text).toBe("10.0.0.2/32");
  });

  test.each([
    ["route4", 4],
    ["route6", 6],
  ] as const)("%s", (name, family) => {
    const parsed = parseRoutes(text(name), source, family);
    expect(parsed.problems).toEqual([]);
    const expected = json(`${name}j`);
    expect(expected.length).toBeGreaterThan(10);
    const tables: Readonly<Record<string, number>> = { local: 255, main: 254 };
    const hopOf = (hop: Any): Any => [
      hop.gateway ?? hop.via?.host ?? null,
      hop.dev ?? null,
      hop.weight ?? 1,
      hop.flags,
    ];
    expect(
      parsed.value.map((r) => ({
        type: r.type,
        dst: r.dst.text,
        table: r.table,
        metric: r.metric,
        protocol: r.protocol,
        scope: r.scope,
        src: r.src?.text ?? null,
        mtu: r.mtu,
        hops: r.nexthops.map((h) => [h.via?.text ?? null, h.dev, h.weight, h.flags]),
      })),
    ).toEqual(
      expected.map((one) => ({
        type: one.type ?? "unicast",
        dst: parsePrefix(one.dst, family)?.text,
        table: tables[one.table] ?? Number(one.table ?? 254),
        metric: one.metric ?? 0,
        protocol: one.protocol ?? "boot",
        scope: one.scope ?? "global",
        src: one.prefsrc ?? null,
        mtu: one.metrics?.[0]?.mtu ?? null,
        hops: one.nexthops?.map(hopOf) ?? (one.dev || one.gateway ? [hopOf(one)] : []),
      })),
    );
  });

  test("both families in one output are told apart", () => {
    const mixed = parseRoutes(text("route4") + text("route6"), source).value;
    const apart = [...parseRoutes(text("route4"), source, 4).value, ...parseRoutes(text("route6"), source, 6).value];
    expect(mixed.map((route) => route.dst.text)).toEqual(apart.map((route) => route.dst.text));
  });

  test("policy rules", () => {
    const parsed = parsePolicyRules(text("rule4"), source, 4);
    expect(parsed.problems).toEqual([]);
    expect(parsed.value.map((rule) => rule.priority)).toEqual(json("rule4j").map((one) => one.priority));
    const at = (priority: number): Any => parsed.value.find((rule) => rule.priority === priority);
    expect(at(100)).toMatchObject({ invert: true, fwmark: { value: 0x10, mask: 0xff }, action: { table: 100 } });
    expect(at(100).from.text).toBe("10.0.0.0/8");
    expect(at(101)).toMatchObject({ iif: "v1", oif: "v0", suppressPrefixLength: 0, action: { table: 254 } });
    expect(at(102)).toMatchObject({
      iif: "gone",
      ipProtocol: 6,
      sport: [5, 5],
      dport: [80, 90],
      tos: 0x10,
      action: { do: "lookup", table: 5000 },
      unknown: [],
    });
    expect([at(103).action.do, at(104).action.do, at(105).action.do]).toEqual(["blackhole", "prohibit", "unreachable"]);
    expect(at(106)).toMatchObject({ action: { do: "goto", priority: 30000 }, unknown: [] });
    expect(at(107).unknown).toEqual(["uidrange 0-5"]);
    expect(at(108).unknown).toEqual(["l3mdev"]);
    expect(at(0)).toMatchObject({ from: null, action: { do: "lookup", table: 255 } });
    expect(parsePolicyRules(text("rule6"), source, 6).value[1]?.from?.text).toBe("fd00::/64");
  });

  test("neighbours and proxies", () => {
    const parsed = parseNeighbours(text("neigh"), source);
    expect(parsed.problems).toEqual([]);
    expect(parsed.value.map((n) => [n.ip.text, n.dev, n.mac, n.state, n.proxy])).toEqual(
      json("neighj").map((one) => [one.dst, one.dev, one.lladdr ?? null, one.state[0], false]),
    );
    expect(parsed.value.length).toBeGreaterThan(2);
    const proxies = parseNeighbours(text("proxy"), source).value;
    expect(proxies.map((n) => [n.ip.text, n.dev, n.proxy])).toContainEqual(["10.0.1.77", "v1", true]);
    expect(proxies.map((n) => n.ip.text)).toContain("fd00::77");
  });

  test("forwarding entries", () => {
    const parsed = parseFdb(text("fdb"), source);
    expect(parsed.problems).toEqual([]);
    expect(parseFdb(text("fdbd"), source).problems).toEqual([]);
    expect(
      parsed.value.map((e) => [e.mac, e.dev, e.self, e.master, e.dst?.text, e.dstPort, e.vni, e.via, e.permanent]),
    ).toEqual(
      json("fdbj").map((one) => [
        one.mac,
        one.ifname,
        one.flags.includes("self"),
        one.master ?? null,
        one.dst,
        one.port ?? null,
        one.vni ?? null,
        one.viaIf ?? null,
        one.state === "permanent",
      ]),
    );
    expect(parsed.value.some((entry) => entry.dst?.text === "10.9.9.9" && entry.vni === 9)).toBe(true);
    expect(parsed.value.some((entry) => entry.master === "br0")).toBe(true);
  });
});

/** What a rule asks and does, without its provenance. */
const gist = (rule: Rule): unknown => ({ matches: rule.matches, targets: rule.targets });

/** Rules that iptables-nft writes in nft's own language, so that two parsers read the same rule in two languages. */
const NATIVE = [
  "-s 10.0.0.0/8 ! -d 10.1.2.3 -j ACCEPT",
  "-i eth0 -j DROP",
  "-i cali+ -j ACCEPT",
  "! -i lo -j RETURN",
  "-p udp -m udp --dport 53 -j ACCEPT",
  "-p tcp -m tcp ! --sport 1000:2000 -j ACCEPT",
  "! -p icmp -j ACCEPT",
  "-m mark --mark 0x4000/0x4000 -j ACCEPT",
  "-m mark ! --mark 0x1 -j ACCEPT",
  "-g ch",
  "-j ch",
];

describe.skipIf(!isRoot)("against two backends of a real namespace (needs root)", () => {
  const rules = [
    ...NATIVE,
    "-p tcp -m multiport ! --dports 1,2,3:4 -j ch",
    "-p icmp -m icmp ! --icmp-type 3/4 -j ACCEPT",
    "-p tcp --syn -j ACCEPT",
    "-p 4 -j ACCEPT",
    "-m conntrack ! --ctstate NEW,RELATED -j ACCEPT",
    "-m conntrack --ctdir REPLY --ctorigdst 10.0.0.0/8 --ctorigdstport 80 -j ACCEPT",
    "-m set --match-set lh4 src,dst -j ACCEPT",
    "-m statistic --mode random --probability 0.5 -j ACCEPT",
    "-m statistic --mode nth --every 4 --packet 1 -j ACCEPT",
    "-m limit --limit 3/min -j LOG --log-prefix '-j DROP'",
    "-m iprange --src-range 10.0.0.1-10.0.0.9 -j ACCEPT",
    "-m ttl --ttl-lt 3 -j DROP",
    "-m string --string x --algo bm -j ACCEPT",
    "-m comment --comment '-j' -j DROP",
    `-m comment --comment 'a "q" \\ ! -j ACCEPT' -j DROP`,
    "-j REJECT --reject-with icmp-host-prohibited",
    "-j NFQUEUE --queue-num 1",
    "-j MARK --or-mark 0x5",
    "-j CONNMARK --save-mark --nfmask 0xf --ctmask 0xf0",
  ];
  const shown = isRoot
    ? inNamespace(`${SHOW}
ipset create lh4 hash:ip,port; ipset add lh4 10.0.0.1,tcp:80
ipset create lhn hash:net comment; ipset add lhn 10.0.0.0/8 comment "a b"; ipset add lhn 10.1.0.0/16 nomatch
ipset create lh6 hash:net family inet6; ipset add lh6 2001:db8::/64
ipset create lhm hash:ip netmask 24 comment; ipset add lhm 10.0.0.5 comment "netmask 8"
ipset create lm6 hash:ip family inet6 netmask 64; ipset add lm6 fd00::5
ipset create lbm bitmap:ip range 10.1.0.0/16 netmask 24 timeout 0; ipset add lbm 10.1.2.3 timeout 0
for I in iptables-nft iptables-legacy; do
  $I -N ch
  ${rules.map((rule) => `$I -A INPUT ${rule}`).join("\n  ")}
  $I -t nat -A PREROUTING -p tcp -j DNAT --to-destination 10.1.1.1-10.1.1.9:80-90 --random
  $I -t mangle -A OUTPUT -j MARK --set-mark 7
done
show nft iptables-nft-save -c; show legacy iptables-legacy-save -c; show plain iptables-nft-save
show json nft -j list ruleset; show ipset ipset save
`)
    : new Map<string, string>();
  const parse = (name: string, backend: "iptables-nft" | "iptables-legacy"): ReturnType<typeof parseIptablesSave> =>
    parseIptablesSave(shown.get(name) ?? "", source, backend, "ip");
  const input = (name: string): readonly Rule[] =>
    parse(name, "iptables-nft")
      .value.find((table) => table.name === "filter")
      ?.chains.find((chain) => chain.name === "INPUT")?.rules ?? [];

  test("both backends print the same facts, with counters and without", () => {
    expect(parse("nft", "iptables-nft").problems).toEqual([]);
    expect(parse("legacy", "iptables-legacy").problems).toEqual([]);
    expect(input("nft")).toHaveLength(rules.length);
    expect(input("legacy").map(gist)).toEqual(input("nft").map(gist));
    expect(input("plain").map(gist)).toEqual(input("nft").map(gist));
    expect(input("nft").every((rule) => rule.packets === 0)).toBe(true);
    expect(input("plain").every((rule) => rule.packets === null)).toBe(true);
    expect(input("nft").map((rule) => rule.text)).toEqual(input("plain").map((rule) => rule.text));
  });

  test("the parser of nft's JSON reads the same rules from the same kernel", () => {
    const { value } = parseNftRuleset(shown.get("json") ?? "", source, new Set());
    const chain = value.tables
      .find((table) => table.family === "ip" && table.name === "filter")
      ?.chains.find((one) => one.name === "INPUT");
    expect(chain).toMatchObject({ hook: "INPUT", priority: 0, type: "filter", policy: "ACCEPT" });
    const natively = (chain?.rules ?? []).filter((rule) => rule.number <= NATIVE.length);
    expect(natively.map(gist)).toEqual(input("nft").slice(0, NATIVE.length).map(gist));
  });

  test("what is not modelled never becomes an ACCEPT without a condition", () => {
    const byText = (part: string): Rule | undefined => input("nft").find((rule) => rule.text.includes(part));
    expect(byText("--string")?.matches[0]?.match).toBe("unknown");
    expect(byText("NFQUEUE")?.targets[0]?.do).toBe("unknown");
  });

  test("comments and prefixes that look like options stay what they are", () => {
    const rulesOf = input("nft");
    expect(rulesOf.filter((rule) => rule.comment === "-j").map(gist)).toEqual([
      { matches: [], targets: [{ do: "DROP" }] },
    ]);
    expect(rulesOf.find((rule) => rule.comment?.includes("ACCEPT"))).toMatchObject({
      comment: 'a "q" \\ ! -j ACCEPT',
      targets: [{ do: "DROP" }],
    });
    expect(rulesOf.find((rule) => rule.text.includes("--log-prefix"))?.targets).toEqual([{ do: "LOG" }]);
  });

  test("base chains by table and hook", () => {
    const chains = parse("nft", "iptables-nft").value.flatMap((table) =>
      table.chains.map((chain) => [table.name, chain.name, chain.priority, chain.type]),
    );
    expect(chains).toContainEqual(["nat", "PREROUTING", -100, "nat"]);
    expect(chains).toContainEqual(["nat", "INPUT", 100, "nat"]);
    expect(chains).toContainEqual(["mangle", "OUTPUT", -150, "route"]);
    const native = parseNftRuleset(shown.get("json") ?? "", source, new Set()).value.tables.flatMap((table) =>
      table.chains.map((chain) => [table.name, chain.name, chain.priority, chain.type]),
    );
    for (const chain of native.filter(([, , priority]) => priority !== null)) expect(chains).toContainEqual(chain);
  });

  test("sets keep their entries verbatim, and as the networks that a netmask makes of them", () => {
    const { value: sets, problems } = parseIpsetSave(shown.get("ipset") ?? "", source);
    expect(problems).toEqual([]);
    expect(sets.map((set) => [set.name, set.type, set.family])).toEqual([
      ["lh4", "hash:ip,port", 4],
      ["lhn", "hash:net", 4],
      ["lh6", "hash:net", 6],
      ["lhm", "hash:ip", 4],
      ["lm6", "hash:ip", 6],
      ["lbm", "bitmap:ip", 4],
    ]);
    expect(sets.slice(3).map((set) => set.entries)).toEqual([
      ['10.0.0.0/24 comment "netmask 8"'],
      ["fd00::/64"],
      ["10.1.2.0/24 timeout 0"],
    ]);
    expect(sets[1]?.entries.toSorted()).toEqual(['10.0.0.0/8 comment "a b"', "10.1.0.0/16 nomatch"]);
  });
});
