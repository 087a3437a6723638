import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parseRoutes } from "../../../read/parse/routes.ts";
import { applyPlan } from "../apply.ts";
import { planRepair } from "../plan.ts";
import { isRoot, repair, ScratchNode, verdictOf } from "../testing/scratch-node.ts";
import { applyUndo, planUndo } from "../undo.ts";
import { isRouteOf, paramsOfRoute } from "./route-params.ts";

test("a route with several next hops is not the one with the first of them alone", () => {
  const several =
    "fd42::/64 metric 1024 pref medium\\ nexthop via fd5e::12 dev eth0 weight 1 \\ nexthop via fd5e::99 dev eth0 weight 1";
  const one = { prefix: "fd42::/64", via: "fd5e::12", dev: "eth0", metric: "1024" };
  expect(isRouteOf(several, one)).toBe(false);
  expect(isRouteOf("fd42::/64 via fd5e::12 dev eth0 metric 1024 pref medium", one)).toBe(true);
  expect(isRouteOf(several, { prefix: "fd42::/64", metric: "1024" })).toBe(true);
});

test.each([
  ["src 10.0.0.1 mtu 1400", true],
  ["mtu lock 1400 src 10.0.0.1", true],
  ["proto bird scope link src 10.0.0.1 mtu 1400 onlink", true],
  ["src 10.0.0.2 mtu 1400", false],
  ["src 10.0.0.1 mtu 1500", false],
  ["src 10.0.0.1", false],
  ["", false],
])("a route is told by its source and its MTU where they are named: %s", (rest, isIt) => {
  const params = { prefix: "10.42.0.0/24", via: "10.0.0.7", dev: "eth0", src: "10.0.0.1", mtu: "1400" };
  expect(isRouteOf(`10.42.0.0/24 via 10.0.0.7 dev eth0 ${rest}`, params)).toBe(isIt);
  expect(isRouteOf(`10.42.0.0/24 via 10.0.0.7 dev eth0 ${rest}`, { ...params, src: undefined, mtu: undefined })).toBe(
    true,
  );
});

describe.skipIf(!isRoot)("routes that differ in one word (needs root)", () => {
  const options = { force: false, persist: false };
  let node: ScratchNode;

  beforeAll(() => {
    node = new ScratchNode("word");
    node.addVeth("eth0");
    node.sh("ip addr add 10.0.0.1/24 dev eth0; ip addr add 10.0.0.2/24 dev eth0");
  });
  afterAll(() => node.remove());
  beforeEach(() => void node.sh("ip route flush 10.42.0.0/24"));

  const shown = () => node.sh("ip route show 10.42.0.0/24 | sort").trim();
  const apply = async (id: "add-route" | "remove-route", line: string) => {
    const [route] = parseRoutes(line, { node: "k1", netns: "", argv: [], at: "" }, 4).value;
    const one = repair(id, route === undefined ? {} : paramsOfRoute(route));
    return (await applyPlan(planRepair(verdictOf([one]), options), node.context(), options)).error?.code;
  };
  const undo = async () => {
    const plan = await planUndo(node.transport, "latest", { stateDir: node.stateDir });
    return (await applyUndo(plan, node.context(), options)).error?.code;
  };

  test("a type of service of 16 is 0x10 for iproute2 too", async () => {
    node.sh("ip route add 10.42.0.0/24 tos 0x18 via 10.0.0.8");
    const before = shown();
    const line = "10.42.0.0/24 tos 0x10 via 10.0.0.7 dev eth0";
    expect(await apply("add-route", line)).toBeUndefined();
    expect(shown()).toMatch(/tos (0x10|lowdelay) via 10\.0\.0\.7 /);
    expect(await undo()).toBeUndefined();
    expect(shown()).toBe(before);

    node.sh(`ip route add ${line}`);
    const both = shown();
    expect(await apply("remove-route", line)).toBeUndefined();
    expect(shown()).toBe(before);
    expect(await undo()).toBeUndefined();
    expect(shown()).toBe(both);
  });

  test.each(["src 10.0.0.2", "mtu 1400"])("one without %s is not the one that has it", async (word) => {
    const line = "10.42.0.0/24 via 10.0.0.7 dev eth0";
    node.sh(`ip route add ${line}`);
    const before = shown();
    expect(await apply("remove-route", `${line} ${word}`)).toBe("already-done");
    expect(await apply("add-route", `${line} ${word}`)).toBeUndefined();
    expect(shown()).toContain(word);
    expect(await undo()).toBeUndefined();
    expect(shown()).toBe(before);
  });
});
