import { beforeAll, describe, expect, test } from "vitest";
import { recordedCluster } from "../../../../test/explain/recorded-cluster.ts";
import { flowTo } from "../../../../test/explain/what-happens.ts";
import type { Rule } from "../../../facts/ruleset.ts";
import type { World } from "../../../facts/world.ts";
import { walk } from "../walk.ts";
import { addRule } from "./add-rule.ts";
import { replaceChain } from "./chains.ts";
import type { EditOf } from "./edit.ts";

const AT = { backend: "iptables-nft", family: "ip", table: "nat", chain: "KUBE-POSTROUTING" } as const;

let healthy: World;
beforeAll(async () => {
  healthy = (await recordedCluster("vxlan-healthy")).world;
});

/** What is proposed for k1's chain with only these of its rules left. */
function editsWith(keep: (rule: Rule) => boolean): readonly EditOf<"add-rule">[] {
  const world = replaceChain(healthy, "k1/host", AT, (chain) => ({ ...chain, rules: chain.rules.filter(keep) }));
  const [branch] = walk(world, flowTo("k1/host", "10.42.0.3", 8080)).branches;
  if (branch === undefined) throw new Error("nothing is walked");
  const read = { of: "rule", netns: "k1/host", ...AT, number: 0 } as const;
  return addRule.propose(world, read, { branch, steps: branch.steps, decided: true }).map(({ edit }) => edit);
}

/** Their targets, and whether they are alone there. */
function proposed(keep: (rule: Rule) => boolean): readonly string[] {
  return editsWith(keep).map(
    ({ rule, isAlone }) => `${rule.targets.map((t) => t.do).join(" ")}${isAlone ? " alone" : ""}`,
  );
}

describe("a rule that the peers have and that is missing here", () => {
  test("is alone where rules are missing that come before it there and take packets away", () => {
    const all = proposed(() => false);
    expect(all).toContain("RETURN");
    expect(all).toContain("MASQUERADE alone");
  });

  test("is not alone where those are here, whatever only marks", () =>
    expect(proposed((rule) => rule.targets.some((t) => t.do === "RETURN"))).toEqual(["MARK", "MASQUERADE"]));

  test("precedes the rule that follows it at the peers', or none", () => {
    const isMark = (rule: Rule) => rule.targets.some((t) => t.do === "MARK");
    const edits = editsWith(isMark);
    expect(edits.map(({ before }) => before?.includes("-j MARK") ?? null)).toEqual([true, null]);
  });
});

test("of two machines, none lacks what the other says of its own pods", () => {
  const read = { of: "rule", netns: "k1/host", ...AT, chain: "POSTROUTING", number: 0 } as const;
  const ofPods = (world: World): readonly string[] => {
    const [branch] = walk(world, flowTo("k1/host", "10.42.0.3", 8080)).branches;
    if (branch === undefined) throw new Error("nothing is walked");
    const proposals = addRule.propose(world, read, { branch, steps: branch.steps, decided: true });
    return proposals.flatMap(({ edit }) => (edit.rule.text.includes("10.42.0.0/24") ? [edit.rule.text] : []));
  };
  const two = { ...healthy, netns: new Map([...healthy.netns].filter(([id]) => !id.startsWith("k3/"))) };
  expect(ofPods(two)).toEqual([]);
  const without = replaceChain(two, "k1/host", { ...AT, chain: "POSTROUTING" }, (chain) => ({
    ...chain,
    rules: chain.rules.filter(({ text }) => !text.includes("-d 10.42.2.0/24")),
  }));
  expect(ofPods(without), "it is asked").not.toEqual([]);
});
