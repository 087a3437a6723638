import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { said } from "../../../test/said.ts";
import { KubeError } from "../../read/kube/kube-reader.ts";
import { en } from "../../tell/i18n/en.ts";
import { stoppedText } from "../../tell/report/repair-text.ts";
import { applyPlan } from "./apply.ts";
import { inspectPlan } from "./inspect.ts";
import { planRepair } from "./plan.ts";
import { isRoot, repair, ScratchNode, verdictOf } from "./testing/scratch-node.ts";
import { applyUndo, listRepairs, planUndo } from "./undo.ts";

const PLAIN = { force: false, persist: false };
const FORWARD = repair("set-sysctl", { key: "net.ipv4.ip_forward", value: "1" });

describe.skipIf(!isRoot)("a repair that is stopped half way (needs root)", () => {
  let node: ScratchNode;
  const options = () => ({ stateDir: node.stateDir });
  const forward = () => node.sh("cat /proc/sys/net/ipv4/ip_forward").trim();

  beforeAll(() => {
    node = new ScratchNode("half");
  });
  afterAll(() => node.remove());

  it("says that it changed the node where only the journal could not follow, and so does its undo", async () => {
    const journal = join(node.stateDir, "journal");
    // Nothing can be written below a file, as nothing can on a full disk.
    const fill = () => {
      renameSync(journal, `${journal}.away`);
      writeFileSync(journal, "");
    };
    const empty = () => {
      rmSync(journal);
      renameSync(`${journal}.away`, journal);
    };
    const transport = Object.create(node.transport) as typeof node.transport;
    transport.change = async (name, command, stdin) => {
      const output = await node.transport.change(name, command, stdin);
      if (command.argv[0] === "sysctl") fill();
      return output;
    };
    const context = node.context({ transport });

    const { error, unfinished } = await applyPlan(planRepair(verdictOf([FORWARD]), PLAIN), context, PLAIN);
    empty();
    expect(forward()).toBe("1");
    expect(error?.code).toBe("journal-behind");
    if (error === null) throw new Error("not stopped");
    const told = stoppedText(error, unfinished, { words: en });
    expect(told).not.toContain("nothing was changed");
    expect(told).toContain(`lasthop undo ${unfinished?.id} `);
    expect((await listRepairs(node.transport, options())).repairs.map(({ state }) => state)).toEqual(["interrupted"]);

    const plan = await planUndo(node.transport, "latest", options());
    const stopped = await applyUndo(plan, context, PLAIN);
    empty();
    expect(forward()).toBe("0");
    expect(stopped.error?.code).toBe("journal-behind");
    expect((await applyUndo(plan, node.context(), PLAIN)).error).toBeNull();
    expect((await listRepairs(node.transport, options())).repairs.map(({ state }) => state)).toEqual(["undone"]);
  });

  it("tells which entry it began where it cannot be read back", async () => {
    const transport = Object.create(node.transport) as typeof node.transport;
    transport.run = async (name, round, limits) => {
      const outputs = await node.transport.run(name, round, limits);
      return forward() === "1" ? outputs.map((output) => ({ ...output, failure: "gone" })) : outputs;
    };
    const plan = planRepair(verdictOf([FORWARD]), PLAIN);
    const { error, unfinished } = await applyPlan(plan, node.context({ transport }), PLAIN);
    expect(error?.code).toBe("unreadable");
    if (error === null) throw new Error("not stopped");
    expect(stoppedText(error, unfinished, { words: en })).toContain(`lasthop undo ${unfinished?.id} `);
    expect((await applyUndo(await planUndo(node.transport, "latest", options()), node.context(), PLAIN)).error).toBe(
      null,
    );
    expect(forward()).toBe("0");
  });

  it("tells of the steps that are done where the API that knows the next one's pod is gone", async () => {
    const inPod = repair("set-sysctl", { key: "net.ipv4.ip_forward", value: "1", netns: "pod:default/web" });
    const context = node.context({ netnsPath: () => Promise.reject(new KubeError("connection refused")) });
    const plan = planRepair(verdictOf([FORWARD, inPod]), PLAIN);
    const { steps, error } = await applyPlan(plan, context, PLAIN);
    expect(steps.map(({ result }) => result)).toEqual(["applied"]);
    expect(error?.code).toBe("no-api");
    const [, met] = await inspectPlan(plan, { ...context, reader: node.transport });
    expect(said(met?.error?.detail)).toBe("pod:default/web: connection refused");
    expect((await applyUndo(await planUndo(node.transport, "latest", options()), node.context(), PLAIN)).error).toBe(
      null,
    );
  });
});
