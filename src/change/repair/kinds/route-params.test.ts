import { expect, test } from "vitest";
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

test.skipIf(!isRoot)("a type of service of 16 is 0x10 for iproute2 too (needs root)", async () => {
  const node = new ScratchNode("tos");
  const options = { force: false, persist: false };
  try {
    node.addVeth("eth0");
    node.sh("ip addr add 10.0.0.1/24 dev eth0; ip route add 10.42.0.0/24 tos 0x18 via 10.0.0.8");
    const shown = () => node.sh("ip route show 10.42.0.0/24 | sort").trim();
    const before = shown();
    const line = "10.42.0.0/24 tos 0x10 via 10.0.0.7 dev eth0";
    const [route] = parseRoutes(line, { node: "k1", netns: "", argv: [], at: "" }, 4).value;
    const params = route === undefined ? {} : paramsOfRoute(route);
    const apply = async (id: "add-route" | "remove-route") =>
      (await applyPlan(planRepair(verdictOf([repair(id, params)]), options), node.context(), options)).error;
    const undo = async () =>
      (await applyUndo(await planUndo(node.transport, "latest", { stateDir: node.stateDir }), node.context(), options))
        .error;

    expect(await apply("add-route")).toBeNull();
    expect(shown()).toMatch(/tos (0x10|lowdelay) via 10\.0\.0\.7 /);
    expect(await undo()).toBeNull();
    expect(shown()).toBe(before);

    node.sh(`ip route add ${line}`);
    const both = shown();
    expect(await apply("remove-route")).toBeNull();
    expect(shown()).toBe(before);
    expect(await undo()).toBeNull();
    expect(shown()).toBe(both);
  } finally {
    await node.remove();
  }
});
