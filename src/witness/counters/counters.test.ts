import { describe, expect, it } from "vitest";
import type { Provenance } from "../../facts/provenance.ts";
import type { Rule, Ruleset } from "../../facts/ruleset.ts";
import { byLinkName, diffCounters } from "./diff-counters.ts";
import { diffRules } from "./diff-rules.ts";

const because: Provenance = { source: { node: "n", netns: "n/host", argv: [], at: "" }, line: 1 };

function rulesets(rules: readonly (readonly [text: string, packets: number | null])[]): Ruleset[] {
  const made = rules.map(
    ([text, packets], i): Rule => ({
      number: i + 1,
      matches: [],
      targets: [],
      comment: null,
      packets,
      text,
      because,
    }),
  );
  const chain = { name: "FORWARD", hook: null, priority: null, type: null, policy: null, rules: made, because };
  return [{ backend: "iptables-nft", tables: [{ name: "filter", family: "ip", chains: [chain] }] }];
}

describe("diffCounters", () => {
  it("gives what moved, and nothing of what only one reading has", () => {
    const before = new Map([
      ["IpInAddrErrors", 3n],
      ["IpForwDatagrams", 9n],
      ["Gone", 1n],
    ]);
    const after = new Map([
      ["IpInAddrErrors", 10n],
      ["IpForwDatagrams", 9n],
      ["IpOutTransmits", 4n],
    ]);
    expect(diffCounters(before, after)).toEqual([{ name: "IpInAddrErrors", delta: 7n }]);
  });

  it("names the link of an interface's column", () => {
    const at = (n: bigint) => new Map([["veth0", new Map([["rx_dropped", n]])]]);
    const diff = diffCounters(byLinkName(at(1n)), byLinkName(at(5n)));
    expect(diff).toEqual([{ name: "veth0 rx_dropped", delta: 4n }]);
    expect(diffCounters(new Map(), byLinkName(at(5n)))).toEqual([]);
  });
});

describe("diffRules", () => {
  it("finds the rule that counted, whatever was inserted before it", () => {
    const before = rulesets([
      ["-j A", 5],
      ["-j DROP", 2],
      ["-j DROP", 7],
    ]);
    const after = rulesets([
      ["-j NEW", 1],
      ["-j A", 5],
      ["-j DROP", 2],
      ["-j DROP", 10],
    ]);
    expect(diffRules(before, after)).toMatchObject([{ text: "-j DROP", number: 4, packets: 3, chain: "FORWARD" }]);
  });

  it("blames nothing in a chain that was rewritten, or that does not count", () => {
    expect(
      diffRules(
        rulesets([
          ["-j A", 5],
          ["-j B", 1],
        ]),
        rulesets([
          ["-j A", 0],
          ["-j B", 3],
        ]),
      ),
    ).toEqual([]);
    expect(diffRules(rulesets([["-j A", null]]), rulesets([["-j A", 3]]))).toEqual([]);
  });
});
