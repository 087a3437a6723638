import { expect, test } from "vitest";
import { ip, prefix } from "../../facts/ip.ts";
import { known } from "../../facts/provenance.ts";
import type { Link } from "../../facts/netns.ts";
import type { Flow } from "./branch.ts";
import { firstPacket } from "./flow-packet.ts";
import { passHook } from "./hooks.ts";
import { chainOf, netnsWith, rulesetOf } from "./netfilter/test-ground.ts";
import { outerIp } from "./packet.ts";
import { Traveller } from "./traveller.ts";

/** What MASQUERADE makes of the source of a packet that leaves by eth0 for this next hop. */
function masqueraded(dst: string, nextHop: string, ...own: readonly string[]): string {
  const family = dst.includes(":") ? "ip6" : "ip";
  const base = { hook: "POSTROUTING", priority: 100, type: "nat", policy: "ACCEPT" } as const;
  const nat = chainOf("POSTROUTING", [[[], { do: "MASQUERADE" }]], base);
  const addresses = own.map((text) => {
    const [address = ""] = text.split("/");
    return { ip: ip(address), prefix: prefix(text), scope: address.startsWith("fe80") ? "link" : "global" };
  });
  const link = { name: "eth0", up: true, flags: [], addresses } as unknown as Link;
  const netns = netnsWith([rulesetOf("iptables-nft", "nat", [nat], family)], { links: known([link]) });
  const src = ip(family === "ip6" ? "fd5e:9::50" : "198.51.100.50");
  const flow: Flow = { from: netns.id, src, dst: ip(dst), protocol: "tcp", sport: 29_999, dport: 8080, bytes: 60 };
  const world = { netns: new Map([[netns.id, netns]]), wires: [] } as never;
  const traveller = new Traveller(world, flow, "request", 1, firstPacket(flow, src));
  const rest = { netns, iif: "eth1", oif: "eth0", physIn: null, physOut: null, link: "eth0", nextHop: ip(nextHop) };
  let left = "";
  // A connection is opened where the packet comes in.
  passHook(traveller, { ...rest, hook: "PREROUTING", oif: null }, (come) =>
    passHook(come, { ...rest, hook: "POSTROUTING" }, (gone) => {
      left = outerIp(gone.packet).src.text;
      return [];
    }),
  );
  return left;
}

test("MASQUERADE over IPv6 takes an address that fits the destination, whatever the next hop is", () => {
  expect(masqueraded("fd42::3", "fe80::2", "fe80::1/64", "fd5e:1::11/64")).toBe("fd5e:1::11");
});

test("MASQUERADE over IPv4 takes an address in the network of the next hop", () => {
  expect(masqueraded("10.42.0.3", "192.0.2.1", "203.0.113.7/24", "192.0.2.7/24")).toBe("192.0.2.7");
});
