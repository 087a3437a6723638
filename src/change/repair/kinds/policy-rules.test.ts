import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parsePolicyRules } from "../../../read/parse/policy-rules.ts";
import { ruleText } from "../../../think/walk/edits/policy-rules.ts";
import type { Repair } from "../../../verdict/verdict.ts";
import { applyPlan } from "../apply.ts";
import { planRepair } from "../plan.ts";
import { isRoot, repair, ScratchNode, verdictOf } from "../testing/scratch-node.ts";
import { applyUndo, planUndo } from "../undo.ts";

const PLAIN = { force: false, persist: false };
const FORCE = { force: true, persist: false };

describe.skipIf(!isRoot)("policy rules of one priority (needs root)", () => {
  let node: ScratchNode;

  beforeAll(() => {
    node = new ScratchNode("rul");
  });
  afterAll(() => node.remove());
  beforeEach(() => void node.sh("while ip rule del priority 100 2>/dev/null; do :; done"));

  const rules = () => node.sh("ip rule show priority 100 | sed 's/100:.//'").trim().split("\n");
  const ruleOf = (id: "add" | "remove", text: string) =>
    repair(`${id}-policy-rule`, { family: "4", text: `100: ${text}` });
  const has = (...texts: readonly string[]) => {
    for (const text of texts) node.sh(`ip rule add priority 100 ${text}`);
    return rules();
  };
  const apply = async (one: Repair, options = PLAIN) =>
    (await applyPlan(planRepair(verdictOf([one]), options), node.context(), options)).error?.code;
  async function undo(options = PLAIN) {
    const plan = await planUndo(node.transport, "latest", { stateDir: node.stateDir });
    return (await applyUndo(plan, node.context(), options)).error?.code;
  }

  it.each([
    ["from all fwmark 0x1 lookup 100", "from all lookup 100"],
    ["from 10.0.0.0/8 iif eth0 lookup 100", "from 10.0.0.0/8 lookup 100"],
    // Neither a mark of 0 nor `not` is looked at.
    ["from all fwmark 0x1/0xff lookup 100", "from all fwmark 0/0xff lookup 100"],
    ["not from 10.0.0.0/8 iif eth0 lookup 100", "from 10.0.0.0/8 lookup 100"],
  ])("where the kernel would take %s for %s, none is taken away", async (first, second) => {
    const all = has(first, second);
    const text = second.replace("fwmark 0/", "fwmark 0x0/");
    expect(await apply(ruleOf("remove", text))).toBe("changed-since");
    await apply(ruleOf("remove", text), FORCE);
    expect(rules()).toEqual(all);

    node.sh(`ip rule del priority 100; ip rule del priority 100`);
    has(first);
    expect(await apply(ruleOf("add", text))).toBeUndefined();
    expect(rules()).toEqual(all);
    expect(await undo()).toBe("not-what-we-left");
    expect(await undo(FORCE)).toBe("not-restored");
    expect(rules()).toEqual(all);
    node.sh(`ip rule del priority 100`);
    expect(await undo()).toBeUndefined();
    expect(rules()).toEqual([""]);
  });

  it.each([
    ["from 10.0.0.0/8 lookup 101", "from all lookup 100"],
    ["from all fwmark 0x1 prohibit", "from all lookup 100"],
    ["from all lookup 100", "from all fwmark 0x1 lookup 100"],
  ])("%s before %s: the second is taken away and put back", async (first, second) => {
    const all = has(first, second);
    expect(await apply(ruleOf("remove", second))).toBeUndefined();
    expect(rules()).toEqual([all[0]]);
    expect(await undo()).toBeUndefined();
    expect(rules()).toEqual(all);
  });

  it("the first is taken away only where it is forced: it cannot be put back in its place", async () => {
    const all = has("from all fwmark 0x1 lookup 101", "from all lookup 100");
    const first = ruleOf("remove", "from all fwmark 0x1 lookup 101");
    expect(await apply(first)).toBe("changed-since");
    expect(rules()).toEqual(all);
    expect(await apply(first, FORCE)).toBeUndefined();
    expect(rules()).toEqual([all[1]]);
    expect(await undo()).toBe("not-restored");
    expect(rules()).toEqual([all[1], all[0]]);
  });

  it("a type of service of 16 is 0x10 for iproute2 too", async () => {
    const source = { node: "k1", netns: "", argv: [], at: "" };
    const [rule] = parsePolicyRules("100: from all tos 0x10 lookup 100", source, 4).value;
    const text = rule === undefined ? "" : ruleText(rule).replace("100: ", "");
    expect(await apply(ruleOf("add", text))).toBeUndefined();
    const all = rules();
    expect(all).toEqual([expect.stringMatching(/^from all tos (0x10|lowdelay) lookup 100$/)]);
    expect(await apply(ruleOf("remove", text))).toBeUndefined();
    expect(rules()).toEqual([""]);
    expect(await undo()).toBeUndefined();
    expect(rules()).toEqual(all);
  });

  it("one that was not there, taken away by force, leaves nothing to put back", async () => {
    const all = has("from all fwmark 0x1 lookup 101", "from all lookup 100");
    expect(await apply(ruleOf("remove", "from all lookup 102"), FORCE)).toBeUndefined();
    expect(await undo()).toBeUndefined();
    expect(rules()).toEqual(all);
  });
});
