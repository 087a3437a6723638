import { expect, test } from "vitest";
import { ip, prefix } from "../../../facts/ip.ts";
import type { Link, Nexthop, PolicyRule, Route } from "../../../facts/netns.ts";
import { phrase } from "../../../facts/phrase.ts";
import { known } from "../../../facts/provenance.ts";
import { netnsWith } from "../netfilter/test-ground.ts";
import { leavesThrough } from "./fib.ts";
import { routeInput } from "./input.ts";
import { routeOutput } from "./output.ts";

const because = { source: { node: "n", netns: "n/host", argv: [], at: "" }, line: 1 };
const UNPRINTED: Nexthop = { via: null, dev: null, weight: 1, flags: [], encap: null };

function route(dst: string, parts: Partial<Route>): Route {
  const rest = { table: 254, metric: 0, tos: 0, scope: "global", protocol: "bird", src: null, mtu: null };
  return { type: "unicast", dst: prefix(dst), ...rest, nexthops: [UNPRINTED], because, ...parts };
}

const main: PolicyRule = {
  ...{ family: 4, priority: 32766, invert: false, from: null, to: null, iif: null, oif: null, fwmark: null },
  ...{ ipProtocol: null, sport: null, dport: null, tos: null, suppressPrefixLength: null, unknown: [], because },
  action: { do: "lookup", table: 254 },
};
const links = ["eth0", "eth1"].map((name) => ({ name, up: true, flags: [], addresses: [] }) as unknown as Link);
const toRouter: Nexthop = { ...UNPRINTED, via: ip("192.0.2.1"), dev: "eth0" };

function netns(rpFilter: string) {
  const settings = ["eth0", "eth1"].flatMap((link) => [
    [`net.ipv4.conf.${link}.forwarding`, "1"] as const,
    [`net.ipv4.conf.${link}.rp_filter`, rpFilter] as const,
  ]);
  return netnsWith([], {
    links: known(links),
    rules: known([main]),
    routes: known([route("10.1.0.0/24", {}), route("0.0.0.0/0", { nexthops: [toRouter] })]),
    sysctls: known(
      [...settings, ["net.ipv4.conf.all.rp_filter", "0"] as const].map(([key, value]) => ({ key, value, because })),
    ),
  });
}

const key = { iif: "lo", oif: null, mark: 0, protocol: 17, sport: 1, dport: 2, src: null };
const NOT_TOLD = { is: "unknown", why: phrase("route-without-link") };

test("a route whose next hop was not printed decides, and where to is not known", () => {
  const dst = ip("10.1.0.5");
  expect(routeOutput(netns("0"), { ...key, dst }, () => {})).toMatchObject(NOT_TOLD);
  expect(routeOutput(netns("0"), { ...key, dst, oif: "eth1" }, () => {})).toMatchObject(NOT_TOLD);
  const come = { ...key, dst, iif: "eth0", src: ip("203.0.113.9") };
  expect(routeInput(netns("0"), come, () => {})).toMatchObject(NOT_TOLD);
});

test("nor is whether a packet came by the way that leads back", () => {
  const come = { ...key, dst: ip("203.0.113.9"), iif: "eth1", src: ip("10.1.0.5") };
  expect(routeInput(netns("1"), come, () => {})).toMatchObject(NOT_TOLD);
  expect(leavesThrough(route("10.1.0.0/24", {}), "eth1")).toBeNull();
  expect(leavesThrough(route("10.1.0.0/24", { nexthops: [UNPRINTED, toRouter] }), "eth0")).toBe(true);
  expect(leavesThrough(route("10.1.0.0/24", { nexthops: [toRouter] }), "eth1")).toBe(false);
});
