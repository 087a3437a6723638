import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applyPlan } from "../apply.ts";
import { planRepair } from "../plan.ts";
import { causeOf, isRoot, memoryApi, repair, ScratchNode, verdictOf } from "../testing/scratch-node.ts";

const PLAIN = { force: false, persist: false };

describe.skipIf(!isRoot)("what has changed since the diagnosis stops a repair (needs root)", () => {
  let node: ScratchNode;

  beforeAll(() => {
    node = new ScratchNode("drift");
    node.sh("ip link add vx0 type vxlan id 5 dstport 4789 dev lo nolearning; ip link set vx0 up");
  });
  afterAll(() => node.remove());

  it("a remote of a VXLAN device whose address only begins like the one that was found", async () => {
    const set = repair("set-fdb", { mac: "02:11:00:00:00:02", dev: "vx0", dst: "10.0.0.7", self: "true" });
    const found = { ...causeOf("fdb 02:11:00:00:00:02 dev vx0", "dst 10.0.0.20 vni 5") };
    const apply = () => applyPlan(planRepair(verdictOf([set], { cause: found }), PLAIN), node.context(), PLAIN);
    node.sh("bridge fdb replace 02:11:00:00:00:02 dev vx0 dst 10.0.0.2 self permanent");
    expect((await apply()).error?.code).toBe("changed-since");
    node.sh("bridge fdb replace 02:11:00:00:00:02 dev vx0 dst 10.0.0.20 self permanent");
    expect((await apply()).error).toBeNull();
  });

  it("a field of a Service that was absent, and that somebody gave a value while it was patched", async () => {
    const objects: Record<string, unknown> = { "default/web": { metadata: { resourceVersion: "7" }, spec: {} } };
    const api = memoryApi(objects);
    const params = { namespace: "default", name: "web", selector: '{"app":"web"}' };
    const set = repair("patch-service-selector", params, { kind: "api", node: null });
    const theirs = { metadata: { resourceVersion: "8" }, spec: { selector: { app: "theirs" } } };
    const overtaken: typeof api = {
      ...api,
      patch: (ref, patch) => {
        objects["default/web"] = theirs;
        return api.patch(ref, patch);
      },
    };
    const applied = await applyPlan(planRepair(verdictOf([set]), PLAIN), node.context({ api: overtaken }), PLAIN);
    expect(applied.error?.code).toBe("command-failed");
    expect(objects["default/web"]).toEqual(theirs);
    objects["default/web"] = { metadata: { resourceVersion: "9" }, spec: {} };
    expect((await applyPlan(planRepair(verdictOf([set]), PLAIN), node.context({ api }), PLAIN)).error).toBeNull();
    expect(objects["default/web"]).toMatchObject({ spec: { selector: { app: "web" } } });
  });
});
