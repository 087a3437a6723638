import { processorMs } from "../../../test/processor-ms.ts";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Source } from "../../facts/provenance.ts";
import { ToldError } from "../../facts/told-error.ts";
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
import { parseSurvey } from "../collect/survey.ts";

const FIXTURES = join(import.meta.dirname, "../../../fixtures");
const source: Source = { node: "n", netns: "n/host", argv: [], at: "2026-01-01T00:00:00Z" };

/** A parser and a real output of its tool. */
const CASES: readonly (readonly [string, (text: string) => Parsed<unknown>, string])[] = [
  ["links", (text) => parseLinks(text, source, text, source), "vxlan-healthy/k2/ip-link.txt"],
  ["addresses", (text) => parseLinks(text, source, null, null), "vxlan-healthy/k2/ip-addr.txt"],
  ["routes", (text) => parseRoutes(text, source), "ipip-healthy/node1/ip-route.txt"],
  ["policy rules", (text) => parsePolicyRules(text, source, 4), "ipip-healthy/node1/ip-rule.txt"],
  ["neighbours", (text) => parseNeighbours(text, source), "vxlan-healthy/k2/ip-neigh.txt"],
  ["fdb", (text) => parseFdb(text, source), "vxlan-healthy/k2/bridge-fdb.txt"],
  ["sockets", (text) => parseSockets(text, source), "vxlan-healthy/k2/ss.txt"],
  ["sysctls", (text) => parseSysctls(text, source), "vxlan-healthy/k2/sysctl-net.txt"],
  ["link counters", (text) => parseLinkCounters(text, source), "vxlan-healthy/k2/proc-net-dev.txt"],
  ["counters", (text) => parseCounters(text, source), "vxlan-healthy/k2/proc-net-netstat.txt"],
  ["conntrack", (text) => parseConntrack(text, source), "ipip-resumed/node2/conntrack.txt"],
  ["conntrack stats", (text) => parseConntrackStats(text, source), "vxlan-healthy/k2/nf_conntrack.txt"],
  ["ipset", (text) => parseIpsetSave(text, source), "ipip-resumed/node2/ipset-save.txt"],
  ["iptables", (text) => parseIptablesSave(text, source, "iptables-nft", "ip"), "ipip-healthy/node1/iptables-save.txt"],
  ["nft", nftOrNothing, "vxlan-healthy/k2/nft-ruleset.json"],
];

/** What is no JSON is refused whole, by the one error that says so. */
function nftOrNothing(text: string): Parsed<unknown> {
  try {
    return parseNftRuleset(text, source, new Set());
  } catch (error) {
    if (!(error instanceof ToldError)) throw error;
    return { value: null, problems: [] };
  }
}

describe.each(CASES)("%s", (_name, parse, path) => {
  const real = readFileSync(join(FIXTURES, path), "utf8");
  const lines = real.split("\n");

  test("garbage is a problem, never an exception", () => {
    const word = fc.oneof(
      fc.constantFrom(...real.slice(0, 4000).split(/\s+/)),
      fc.constantFrom("__proto__", "constructor", "toString", "hasOwnProperty", "!", '"', "\\", "-j", "[", "%", "@"),
      fc.string({ unit: "binary", maxLength: 12 }),
    );
    const line = fc.array(word, { maxLength: 12 }).map((words) => words.join(" "));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (garbage) => {
        const { problems } = parse(garbage.join("\n"));
        for (const problem of problems) expect(problem.text.length).toBeLessThanOrEqual(200);
      }),
      { numRuns: 200 },
    );
  });

  test("a real output with a piece cut out, doubled or overwritten", () => {
    fc.assert(
      fc.property(
        fc.nat({ max: Math.max(real.length - 1, 0) }),
        fc.nat({ max: 60 }),
        fc.string({ unit: "binary", maxLength: 8 }),
        (at, length, other) => {
          parse(real.slice(0, at) + other + real.slice(at + length));
          parse(real.slice(0, at));
        },
      ),
      { numRuns: 40 },
    );
  });

  test("problems are bounded, and time grows with the text", () => {
    const noise = `${"\u0007 x\ufffd".repeat(10)}\n`.repeat(2000);
    expect(parse(noise).problems.length).toBeLessThanOrEqual(101);
    const long = [
      lines[0]?.slice(0, 20) ?? "",
      `${lines[0] ?? ""} ${'" '.repeat(100_000)}`,
      `${lines[1] ?? ""}${" a".repeat(100_000)}`,
      `${lines[0] ?? ""}${"9".repeat(200_000)}`,
      `-A INPUT ${"! ".repeat(100_000)}`,
      `add ${'"\\'.repeat(100_000)}`,
      `${lines[0] ?? ""}${"::".repeat(100_000)}`,
      `${lines[0] ?? ""}${"/".repeat(200_000)} ${"=".repeat(200_000)}`,
      `\u001b[${"0;".repeat(100_000)}`,
    ];
    const ms = processorMs(() => {
      for (const text of long) parse(text);
      parse(long.join("\n"));
    });
    expect(ms).toBeLessThan(3000);
  });
});

test("deeply nested JSON ends in unknown", () => {
  const deep = (levels: number): string => `${'{"&":['.repeat(levels)}1${",1]}".repeat(levels)}`;
  const rule = (value: string): string =>
    `{"nftables":[{"table":{"family":"ip","name":"t"}},{"chain":{"family":"ip","table":"t","name":"c"}},{"rule":{"family":"ip","table":"t","chain":"c","expr":[{"mangle":{"key":{"meta":{"key":"mark"}},"value":${value}}},{"match":{"op":"==","left":${value},"right":${value}}},{"accept":null}]}}]}`;
  const array = `${"[".repeat(4000)}${"]".repeat(4000)}`;
  const owner = rule("0").replace('"left":0,"right":0', `"left":{"meta":{"key":"skuid"}},"right":${array}`);
  const limit = rule("0").replace('{"accept":null}', `{"set":{"op":"add","stmt":${array}}},{"limit":${array}}`);
  for (const json of [owner, limit, rule(array)]) expect(() => parseNftRuleset(json, source, new Set())).not.toThrow();
  const { value } = parseNftRuleset(rule(deep(3000)), source, new Set());
  const rules = value.tables[0]?.chains[0]?.rules ?? [];
  expect(rules.flatMap((one) => one.matches.map((match) => match.match))).toContain("unknown");
});

test("a match of two hundred thousand addresses is read in its time", () => {
  const at = { family: "ip", table: "t" };
  const set = Array.from({ length: 200_000 }, (_, i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
  const match = { match: { op: "==", left: { payload: { protocol: "ip", field: "saddr" } }, right: { set } } };
  const items = [
    { table: { family: "ip", name: "t" } },
    { chain: { ...at, name: "c" } },
    { rule: { ...at, chain: "c", expr: [match, { drop: null }] } },
  ];
  const ms = processorMs(() => {
    const { value } = parseNftRuleset(JSON.stringify({ nftables: items }), source, new Set());
    expect(value.tables[0]?.chains[0]?.rules[0]?.matches).toMatchObject([
      { match: "source", prefixes: { length: set.length } },
    ]);
  });
  expect(ms).toBeLessThan(12_000);
});

test("a survey of fifty thousand namespaces that hold one address is read in its time", () => {
  const inodes = Array.from({ length: 50_000 }, (_, i) => 4026531840 + i);
  const lines = inodes.flatMap((inode) => [
    `named /run/netns/n${inode} ${inode}`,
    `address ${inode} /proc/1/ns/net 10.0.0.1`,
  ]);
  const ms = processorMs(() => {
    const held = parseSurvey([...lines, ...lines].join("\n")).holders.get("10.0.0.1");
    expect(held).toHaveLength(inodes.length);
    expect(held?.[7]).toEqual({ inode: "4026531847", path: "/run/netns/n4026531847" });
  });
  expect(ms).toBeLessThan(8000);
});

test("a hundred thousand rules are read in their time", () => {
  const rules = Array.from(
    { length: 100_000 },
    (_, i) => `-A INPUT -s 10.0.${i % 256}.1/32 -p tcp -m tcp --dport 80 -j DROP`,
  );
  const text = `*filter\n:INPUT ACCEPT [0:0]\n${rules.join("\n")}\nCOMMIT\n`;
  const ms = processorMs(() => {
    const { value } = parseIptablesSave(text, source, "iptables-nft", "ip");
    expect(value[0]?.chains[0]?.rules).toHaveLength(100_000);
  });
  expect(ms).toBeLessThan(8000);
});

test("a rule of iptables with an option that none is printed with is unknown, never an ACCEPT for everything", () => {
  const rests = [
    "-j ACCEPT -t mangle",
    "-j ACCEPT --modprobe=/bin/sh",
    "-j OWN -t mangle",
    "-j LOG --tab mangle",
    "-j MASQUERADE -t mangle",
    "-j REJECT -t mangle",
    "-m comment --comment x -t mangle -j ACCEPT",
    "-j ACCEPT -m comment -M /bin/sh",
    "-j ACCEPT -s 10.0.0.0/8",
  ];
  const rules = rests.map((rest) => `-A FORWARD ${rest}\n`).join("");
  const text = `*filter\n:FORWARD DROP [0:0]\n:OWN - [0:0]\n${rules}COMMIT\n`;
  const { value } = parseIptablesSave(text, source, "iptables-nft", "ip");
  const known = value[0]?.chains[0]?.rules.filter(
    ({ matches, targets }) => !matches.some((m) => m.match === "unknown") && !targets.some((t) => t.do === "unknown"),
  );
  expect(known?.map((rule) => rule.text)).toEqual([]);
});
