import { describe, expect, test } from "vitest";
import { removeRule } from "./rules.ts";

const DROP = "-A FORWARD -s 10.9.0.0/16 -j DROP";
const bound = removeRule.bind({
  backend: "iptables-nft",
  family: "ip",
  table: "filter",
  chain: "FORWARD",
  number: "2",
  text: DROP,
});

function acts(rules: readonly string[]): readonly (readonly string[])[] {
  const chain = { tool: "iptables-nft", exists: true, policy: "ACCEPT", rules: [...rules], handles: [], spoken: [] };
  const same = rules.filter((rule) => rule === DROP).length;
  return bound
    .acts({ ...chain, count: rules.length, same, from: 1 })
    .map((act) => ("argv" in act ? act.argv.slice(-3, -1) : []));
}

describe("taking a rule out", () => {
  test("at its number", () => expect(acts(["-A FORWARD -j A", DROP])).toEqual([["2", DROP]]));

  test("where it has moved to, never what has its number now", () => {
    expect(acts([DROP, "-A FORWARD -j KUBE-FORWARD"])).toEqual([["1", DROP]]);
    expect(acts(["-A FORWARD -j A", "-A FORWARD -j KUBE-FORWARD"])).toEqual([]);
    expect(acts([DROP, "-A FORWARD -j KUBE-FORWARD", DROP])).toEqual([]);
  });
});
