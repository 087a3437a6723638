import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { said } from "../../../test/said.ts";
import { phrase } from "../../facts/phrase.ts";
import type { Source } from "../../facts/provenance.ts";
import type { Chain } from "../../facts/ruleset.ts";
import { ToldError } from "../../facts/told-error.ts";
import { parseNftRuleset } from "./nft-ruleset.ts";

const source: Source = { node: "n", netns: "n/host", argv: [], at: "2026-01-01T00:00:00Z" };

/** Much of kube-proxy's own nftables mode, and what people write by hand. */
const RULESET = `
table ip kube-proxy {
  set cluster-ips { type ipv4_addr; elements = { 10.96.0.1, 10.96.0.10 } }
  set pods { type ipv4_addr; flags interval; elements = { 10.244.0.0/16, 10.9.0.1-10.9.0.2 } }
  map service-ips { type ipv4_addr . inet_proto . inet_service : verdict
    elements = { 10.96.0.1 . tcp . 443 : goto service-a } }
  map no-endpoint-services { type ipv4_addr . inet_proto . inet_service : verdict
    elements = { 10.96.0.10 . udp . 53 : drop } }
  chain endpoint-1 { ip saddr 10.244.0.5 meta mark set mark or 0x4000; meta l4proto tcp dnat to 10.244.0.5:6443; }
  chain endpoint-2 { meta l4proto tcp dnat to 10.244.1.5:6443; }
  chain service-a {
    ip daddr 10.96.0.1 tcp dport 443 ip saddr != 10.244.0.0/16 meta mark set mark or 0x4000
    numgen random mod 3 vmap { 0 : goto endpoint-1, 1 : goto endpoint-2, 2 : drop }
  }
  chain services {
    ip daddr . meta l4proto . th dport vmap @service-ips
    fib daddr type local ip daddr != 127.0.0.0/8 tcp dport 30007 goto service-a
  }
  chain nat-prerouting { type nat hook prerouting priority dstnat; policy accept; jump services; }
  chain filter-forward {
    type filter hook forward priority -110; policy accept;
    ct state new ip daddr . meta l4proto . th dport vmap @no-endpoint-services
    ip daddr @cluster-ips reject
    ip saddr != @pods drop
  }
  chain masquerading {
    type nat hook postrouting priority srcnat; policy accept;
    meta mark & 0x4000 == 0 return
    meta mark set mark xor 0x4000
    masquerade fully-random
  }
}
table inet mine {
  chain in {
    type filter hook input priority filter; policy drop;
    ct state established,related accept
    iifname { "lo", "cali*" } accept
    ip saddr 10.0.0.0/8 tcp dport { 22, 80-90 } accept
    ip6 saddr != fd00::/8 drop
    fib saddr . iif oif missing drop
    meta mark 0x1 meta mark set 0x2 tcp dport 80 accept
    meta pkttype broadcast accept
    tcp flags & (fin|syn|rst|ack) == syn counter packets 7 bytes 8 log accept comment "syn"
  }
  chain codes {
    icmp type destination-unreachable icmp code port-unreachable drop
    icmp type destination-unreachable icmp code admin-prohibited drop
    icmp type destination-unreachable icmp code frag-needed drop
    icmpv6 type destination-unreachable icmpv6 code port-unreachable drop
    icmpv6 type destination-unreachable icmpv6 code admin-prohibited drop
    icmpv6 type destination-unreachable icmpv6 code addr-unreachable drop
    icmpv6 type destination-unreachable icmpv6 code policy-fail drop
    icmpv6 type destination-unreachable icmpv6 code 2 drop
    icmpv6 type echo-request icmpv6 code 0 drop
  }
  limit excess { rate over 400/minute }
  limit usual { rate 1 mbytes/second }
  chain limited {
    limit name "excess" drop
    limit name "usual" accept
    limit rate over 5/second drop
    limit name tcp dport map { 80 : "excess", 81 : "usual" } drop
  }
}
`;

const isRoot = process.getuid?.() === 0;
const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };

describe.skipIf(!isRoot)("a native ruleset, loaded and listed by nft itself (needs root)", () => {
  const json = isRoot
    ? execFileSync("unshare", ["-n", "sh", "-c", "nft -f /dev/stdin && nft -j list ruleset"], {
        input: RULESET,
        encoding: "utf8",
        env,
      })
    : "";
  const parsed = parseNftRuleset(json, source, new Set());
  const chain = (name: string): Chain => {
    const found = parsed.value.tables.flatMap((table) => table.chains).find((one) => one.name === name);
    if (found === undefined) throw new Error(`no chain ${name}`);
    return found;
  };
  const brief = (name: string): unknown =>
    chain(name).rules.map((rule) => [
      rule.number,
      rule.matches.map((m) =>
        [
          m.negate ? "!" : "",
          m.match,
          "prefixes" in m ? m.prefixes.map((p) => p.text) : "",
          "ranges" in m ? m.ranges.map((r) => r.join("-")) : "",
          "protocols" in m ? m.protocols : "",
          "states" in m ? m.states : "",
          "name" in m ? m.name : "",
          "set" in m ? m.set : "",
          "value" in m ? `${m.value}/${m.mask}` : "",
          "probability" in m ? m.probability : "",
        ]
          .flat()
          .filter((part) => part !== "")
          .join(" "),
      ),
      rule.targets.map((target) => ("chain" in target ? `${target.do} ${target.chain}` : target.do)),
    ]);

  test("a verdict map becomes a rule for each element, chance included", () => {
    expect(parsed.problems).toEqual([]);
    expect(brief("services")).toEqual([
      [1, ["destination 10.96.0.1/32", "protocol 6", "dport 443-443"], ["goto service-a"]],
      [2, ["addrtype", "! destination 127.0.0.0/8", "protocol 6", "dport 30007-30007"], ["goto service-a"]],
    ]);
    expect(brief("service-a")).toEqual([
      [1, ["destination 10.96.0.1/32", "protocol 6", "dport 443-443", "! source 10.244.0.0/16"], ["MARK"]],
      [2, [`statistic ${1 / 3}`], ["goto endpoint-1"]],
      [2, ["statistic 0.5"], ["goto endpoint-2"]],
      [2, [], ["DROP"]],
    ]);
  });

  test("named sets of addresses are sets, others are spread out", () => {
    expect(brief("filter-forward")).toEqual([
      [1, ["ct-state NEW", "destination 10.96.0.10/32", "protocol 17", "dport 53-53"], ["DROP"]],
      [2, ["set ip kube-proxy cluster-ips"], ["REJECT"]],
      [3, ["! set ip kube-proxy pods"], ["DROP"]],
    ]);
    expect(parsed.value.sets.map((set) => [set.name, set.type, set.entries])).toEqual([
      ["ip kube-proxy cluster-ips", "hash:net", ["10.96.0.1", "10.96.0.10"]],
      ["ip kube-proxy pods", "hash:net", ["10.9.0.1", "10.9.0.2", "10.244.0.0/16"]],
    ]);
  });

  test("marks are the same algebra as iptables'", () => {
    expect(chain("masquerading").rules.map((rule) => [rule.matches, rule.targets])).toEqual([
      [[{ match: "mark", value: 0, mask: 0x4000, negate: false }], [{ do: "RETURN" }]],
      [[], [{ do: "MARK", value: 0x4000, mask: 0 }]],
      [[], [{ do: "MASQUERADE" }]],
    ]);
    expect(chain("endpoint-1").rules[0]?.targets).toEqual([{ do: "MARK", value: 0x4000, mask: 0x4000 }]);
  });

  test("in inet, a selector of one family asks for that family", () => {
    expect(chain("in")).toMatchObject({ hook: "INPUT", priority: 0, policy: "DROP" });
    expect(brief("in")).toEqual([
      [1, ["ct-state ESTABLISHED RELATED"], ["ACCEPT"]],
      [2, expect.toSatisfy((m) => ["in lo", "in cali+"].includes(String(m))), ["ACCEPT"]],
      [2, expect.toSatisfy((m) => ["in lo", "in cali+"].includes(String(m))), ["ACCEPT"]],
      [3, ["source 10.0.0.0/8", "protocol 6", "dport 22-22 80-90"], ["ACCEPT"]],
      [4, ["source ::/0", "! source fd00::/8"], ["DROP"]],
      [5, ["! rpfilter"], ["DROP"]],
      // The mark that was asked for is no longer there when the second half is asked.
      [6, [`mark 1/${0xffffffff}`], ["MARK"]],
      [6, ["unknown", "protocol 6", "dport 80-80"], ["ACCEPT"]],
      [7, ["unknown"], ["ACCEPT"]],
      [8, ["protocol 6", "tcp-flags SYN"], ["LOG", "ACCEPT"]],
    ]);
    expect(chain("in").rules.at(-1)).toMatchObject({ packets: 7, comment: "syn" });
  });

  test("a code has one number in ICMP, and another in ICMPv6", () => {
    const codes = chain("codes").rules.map(({ matches }) =>
      matches.flatMap((m) => (m.match === "icmp-type" ? [[m.type, m.code]] : [])),
    );
    expect(codes).toEqual([
      [[3, 3]],
      [[3, 13]],
      [[3, 4]],
      [[1, 4]],
      [[1, 1]],
      [[1, 3]],
      [[1, 5]],
      [[1, 2]],
      [[128, 0]],
    ]);
  });

  test("a named limit lets pass, or only the excess, as its object says", () => {
    expect(brief("limited")).toEqual([
      [1, ["! limit"], ["DROP"]],
      [2, ["limit"], ["ACCEPT"]],
      [3, ["! limit"], ["DROP"]],
      [4, ["unknown"], ["DROP"]],
    ]);
  });

  test("a list that was cut short is none, nor is nothing at all; one without rules is", () => {
    for (const length of [0, 1, 40, json.length >> 1, json.trimEnd().length - 1]) {
      const cut = json.slice(0, length);
      expect(() => parseNftRuleset(cut, source, new Set())).toThrow(ToldError);
    }
    const bare = execFileSync("unshare", ["-n", "nft", "-j", "list", "ruleset"], { encoding: "utf8", env });
    expect(parseNftRuleset(bare, source, new Set())).toEqual({ value: { tables: [], sets: [] }, problems: [] });
  });
});

describe("what JSON may hold besides", () => {
  const table = { table: { family: "netdev", name: "t" } };
  const list = (...items: readonly unknown[]): string => JSON.stringify({ nftables: [table, ...items] });

  test("a chain of one device drops by policy on that device alone", () => {
    const at = { family: "netdev", table: "t" };
    const json = list({
      chain: { ...at, name: "i", type: "filter", hook: "ingress", prio: 0, dev: "eth0", policy: "drop" },
    });
    const [chain] = parseNftRuleset(json, source, new Set()).value.tables[0]?.chains ?? [];
    expect(chain).toMatchObject({ hook: "ingress", policy: "ACCEPT" });
    expect(chain?.rules).toMatchObject([
      { number: 0, matches: [{ match: "in", name: "eth0" }], targets: [{ do: "DROP" }] },
    ]);
  });

  test("a chain of many devices holds for each of them, or is unknown on all of them", () => {
    const at = { family: "netdev", table: "t" };
    const chain = { ...at, name: "i", type: "filter", hook: "ingress", prio: 0, policy: "drop" };
    const bound = (devices: number, rules: number) => {
      const dev = Array.from({ length: devices }, (_, i) => `eth${i}`);
      const rule = { rule: { ...at, chain: "i", expr: [{ accept: null }] } };
      const json = list({ chain: { ...chain, dev } }, ...Array.from({ length: rules }, () => rule));
      return parseNftRuleset(json, source, new Set());
    };
    const few = bound(200, 2);
    expect(few.problems).toEqual([]);
    const last = few.value.tables[0]?.chains[0]?.rules.filter(
      ({ matches: [m] }) => m?.match === "in" && m.name === "eth199",
    );
    expect(last?.map(({ number, targets }) => [number, targets[0]?.do])).toEqual([
      [1, "ACCEPT"],
      [2, "ACCEPT"],
      [0, "DROP"],
    ]);
    const many = bound(64, 5_000);
    expect(many.problems.map((problem) => problem.why)).toEqual([phrase("rules-beyond", { most: 200_000 })]);
    const rules = many.value.tables[0]?.chains[0]?.rules ?? [];
    expect(rules.length).toBeLessThan(210_000);
    expect(rules.at(-2)).toMatchObject({ number: 5_000, matches: [], targets: [{ do: "unknown" }] });
    expect(rules.at(-1)).toMatchObject({ number: 0, matches: [], targets: [{ do: "unknown" }] });
  });

  test("a rule whose map is empty is there all the same, and takes no packet", () => {
    const at = { family: "ip", table: "t" };
    const type = ["ipv4_addr", "inet_proto", "inet_service"];
    const key = { concat: [{ payload: { protocol: "ip", field: "daddr" } }, { meta: { key: "l4proto" } }] };
    const json = list(
      { map: { ...at, name: "service-ips", type, map: "verdict" } },
      { map: { ...at, name: "targets", type: "ipv4_addr", map: "ipv4_addr" } },
      { chain: { ...at, name: "services" } },
      { rule: { ...at, chain: "services", expr: [{ vmap: { key, data: "@service-ips" } }] } },
      {
        rule: {
          ...at,
          chain: "services",
          expr: [
            { dnat: { addr: { map: { key: { payload: { protocol: "ip", field: "daddr" } }, data: { set: [] } } } } },
          ],
        },
      },
    );
    const { value } = parseNftRuleset(json, source, new Set());
    expect(value.tables.find((t) => t.family === "ip")?.chains[0]?.rules).toMatchObject([
      { number: 1, matches: [{ match: "source", prefixes: [] }], targets: [] },
      { number: 2, matches: [{ match: "source", prefixes: [] }], targets: [] },
    ]);
  });

  test("no list, a flowtable, statements of another age", () => {
    for (const [text, told] of [
      ["Error: syntax error, unexpected json", "no-json"],
      ["{}", "no-nft-list"],
    ] as const) {
      const parse = () => parseNftRuleset(text, source, new Set());
      expect(parse).toThrow(expect.objectContaining({ told: phrase(told) }));
    }
    const at = { family: "netdev", table: "t" };
    const json = list(
      { flowtable: { ...at, name: "ft" } },
      { chain: { ...at, name: "c" } },
      { rule: { ...at, chain: "c", expr: [{ wormhole: { to: "mars" } }] } },
      { rule: { ...at, chain: "c", expr: [{ match: { op: "==", left: { tea: 1 }, right: 2 } }, { accept: null }] } },
      { rule: { ...at, chain: "c", expr: [{ vmap: { key: { tea: 1 }, data: "@gone" } }] } },
      { rule: { ...at, chain: "c", expr: null } },
    );
    const { value, problems } = parseNftRuleset(json, source, new Set());
    expect(problems.map((problem) => said(problem.why))).toEqual([expect.stringContaining("offloaded")]);
    expect(
      value.tables[0]?.chains[0]?.rules.map((r) => [r.matches.map((m) => m.match), r.targets.map((t) => t.do)]),
    ).toEqual([
      [[], ["unknown"]],
      [["unknown"], ["ACCEPT"]],
      [[], ["unknown"]],
      [[], ["unknown"]],
    ]);
  });

  test("a rule of more statements than the kernel takes is no rule of the kernel's, and is not gone through", () => {
    const at = { family: "netdev", table: "t" };
    const match = (field: string, right: unknown) => ({ match: { op: "==", left: { meta: { key: field } }, right } });
    const names = match("iifname", { set: Array.from({ length: 4096 }, (_, n) => `cali${n}`) });
    const expr = [names, ...Array.from({ length: 20_000 }, () => match("oifname", "eth0")), { drop: null }];
    const json = list({ chain: { ...at, name: "c" } }, { rule: { ...at, chain: "c", expr } });
    const startedAt = performance.now();
    const { value } = parseNftRuleset(json, source, new Set());
    expect(performance.now() - startedAt).toBeLessThan(5000);
    expect(value.tables[0]?.chains[0]?.rules.map(({ targets }) => targets.map((t) => t.do))).toEqual([["unknown"]]);
  }, 20_000);
});
