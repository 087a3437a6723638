import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Repair } from "../../verdict/verdict.ts";
import { applyPlan, type ChangeContext } from "./apply.ts";
import { planRepair } from "./plan.ts";
import { isRoot, repair, ScratchNode, verdictOf } from "./testing/scratch-node.ts";
import { applyUndo, planUndo } from "./undo.ts";

const PLAIN = { force: false, persist: false };

describe.skipIf(!isRoot)("what became of the node since, when a repair is taken back (needs root)", () => {
  let node: ScratchNode;

  beforeAll(() => {
    node = new ScratchNode("since");
    node.addVeth("eth0");
    node.sh("ip addr add 10.0.0.1/24 dev eth0");
  });
  afterAll(() => node.remove());

  async function apply(one: Repair, context = node.context()) {
    const applied = await applyPlan(planRepair(verdictOf([one]), PLAIN), context, PLAIN);
    expect(applied.error).toBeNull();
  }

  async function undo(context: ChangeContext = node.context()) {
    return applyUndo(await planUndo(node.transport, "latest", { stateDir: node.stateDir }), context, PLAIN);
  }

  it("leaves alone the namespace of a pod that was made anew under its name", async () => {
    const [old, anew] = [new ScratchNode("pod-a"), new ScratchNode("pod-b")];
    try {
      const inPod = (pod: ScratchNode) => node.context({ netnsPath: async () => `/run/netns/${pod.netns}` });
      const forwarding = "cat /proc/sys/net/ipv4/ip_forward";
      const set = repair("set-sysctl", { key: "net.ipv4.ip_forward", value: "1", netns: "pod:default/web-0" });
      await apply(set, inPod(old));
      anew.sh("sysctl -qw net.ipv4.ip_forward=1");
      expect((await undo(inPod(anew))).error?.code).toBe("already-gone");
      expect(anew.sh(forwarding).trim()).toBe("1");
      expect((await undo(inPod(old))).error).toBeNull();
      expect(old.sh(forwarding).trim()).toBe("0");
    } finally {
      await Promise.all([old.remove(), anew.remove()]);
    }
  });
});
