import { expect, test } from "vitest";
import { isRouteOf } from "./route-params.ts";

test("a route with several next hops is not the one with the first of them alone", () => {
  const several =
    "fd42::/64 metric 1024 pref medium\\ nexthop via fd5e::12 dev eth0 weight 1 \\ nexthop via fd5e::99 dev eth0 weight 1";
  const one = { prefix: "fd42::/64", via: "fd5e::12", dev: "eth0", metric: "1024" };
  expect(isRouteOf(several, one)).toBe(false);
  expect(isRouteOf("fd42::/64 via fd5e::12 dev eth0 metric 1024 pref medium", one)).toBe(true);
  expect(isRouteOf(several, { prefix: "fd42::/64", metric: "1024" })).toBe(true);
});
