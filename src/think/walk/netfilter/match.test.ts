import { processorMs } from "../../../../test/processor-ms.ts";
import { describe, expect, it } from "vitest";
import { ip, prefix } from "../../../facts/ip.ts";
import type { Link } from "../../../facts/netns.ts";
import { known, unknown } from "../../../facts/provenance.ts";
import type { IpSet } from "../../../facts/ruleset.ts";
import type { Maybe } from "../../../facts/maybe.ts";
import type { HookContext } from "./contract.ts";
import { matchPacket, type Question } from "./match.ts";
import { chainOf, contextFor, netnsWith, packetOf, rulesetOf, setOf } from "./test-ground.ts";
import { traverseHook } from "./traverse-hook.ts";

const packet = packetOf("tcp", "10.0.0.1", "10.0.1.2", { sport: 40000, dport: 443 });

function ask(match: Question, parts: Partial<HookContext> = {}): Maybe {
  const context = contextFor(netnsWith([]), parts.hook ?? "FORWARD", packet, parts);
  return matchPacket(match, { packet: context.packet, connection: context.connection }, context);
}

function isIn(sets: readonly IpSet[], set: string, ...dimensions: ("src" | "dst")[]): Maybe {
  const netns = netnsWith([], { sets: known(sets) });
  return ask({ match: "set", negate: false, set, dimensions }, { netns });
}

describe("links", () => {
  it.each([
    ["eth0", false, true],
    ["eth+", false, true],
    ["eth*", false, true],
    ["cali+", false, false],
    ["cali+", true, true],
    ["+", false, true],
  ])("-i %s, negated %s: %s", (name, negate, wanted) => {
    expect(ask({ match: "in", name, negate })).toBe(wanted);
  });

  it("are the empty name where the hook has none", () => {
    expect(ask({ match: "in", name: "eth0", negate: false }, { hook: "OUTPUT", iif: null })).toBe(false);
    expect(ask({ match: "in", name: "eth0", negate: true }, { hook: "OUTPUT", iif: null })).toBe(true);
    expect(ask({ match: "physdev-is-bridged", negate: false })).toBe(false);
    expect(ask({ match: "physdev-in", name: "veth1", negate: false }, { physIn: "veth1" })).toBe(true);
  });
});

describe("headers", () => {
  it("ports are no match without ports, negated or not", () => {
    const icmp = packetOf("icmp", "10.0.0.1", "10.0.1.2");
    expect(ask({ match: "dport", negate: false, ranges: [[400, 500]] })).toBe(true);
    expect(ask({ match: "dport", negate: true, ranges: [[400, 500]] })).toBe(false);
    expect(ask({ match: "port", negate: false, ranges: [[40000, 40000]] })).toBe(true);
    expect(ask({ match: "dport", negate: true, ranges: [[80, 80]] }, { packet: icmp })).toBe(false);
  });

  it("an address of the other family is no match, negated or not", () => {
    const prefixes = [prefix("fd00::/8")];
    expect(ask({ match: "source", negate: true, prefixes })).toBe(false);
    expect(ask({ match: "source", negate: true, prefixes: [prefix("10.9.0.0/16")] })).toBe(true);
  });

  it("TCP flags, ICMP types, ranges and TTL", () => {
    const mask = ["FIN", "SYN", "RST", "ACK"];
    expect(ask({ match: "tcp-flags", negate: false, mask, set: ["SYN"] })).toBe(true);
    const reply = packetOf("tcp", "10.0.1.2", "10.0.0.1", { flags: "syn-ack" });
    expect(ask({ match: "tcp-flags", negate: false, mask, set: ["SYN"] }, { packet: reply })).toBe(false);
    expect(ask({ match: "tcp-flags", negate: false, mask: ["RST"], set: ["NONE"] })).toBe(true);
    const echo = packetOf("icmp", "10.0.0.1", "10.0.1.2");
    expect(ask({ match: "icmp-type", negate: false, type: 8, code: null }, { packet: echo })).toBe(true);
    expect(ask({ match: "icmp-type", negate: false, type: 3, code: null }, { packet: echo })).toBe(false);
    const [low, high] = [ip("10.0.0.0").value, ip("10.0.0.9").value];
    expect(ask({ match: "iprange", negate: false, side: "src", low, high })).toBe(true);
    expect(ask({ match: "iprange", negate: true, side: "dst", low, high })).toBe(true);
    expect(ask({ match: "ttl", negate: false, op: "lt", ttl: 2 })).toBe(false);
  });
});

describe("questions for the netns", () => {
  it("address types, with what they are limited to", () => {
    const addressType: HookContext["addressType"] = (_, link) => (link === "eth0" ? "LOCAL" : "UNKNOWN");
    const match = { match: "addrtype", negate: false, side: "dst", types: ["LOCAL"] } as const;
    expect(ask({ ...match, limitIface: "in" }, { addressType })).toBe(true);
    expect(ask({ ...match, limitIface: null }, { addressType })).toHaveProperty("unknown");
  });

  it("the reverse path, which loopback always has", () => {
    const match = { match: "rpfilter", negate: true, loose: false, validMark: true, acceptLocal: false } as const;
    expect(ask(match, { reversePathOk: () => false })).toBe(true);
    expect(ask(match, { reversePathOk: () => null })).toHaveProperty("unknown");
    expect(ask(match, { reversePathOk: () => false, iif: "lo" })).toBe(false);
  });

  it("the owner of a forwarded packet is nobody; of one sent here it is not known", () => {
    expect(ask({ match: "owner", negate: false, text: "--uid-owner 0" })).toBe(false);
    expect(ask({ match: "owner", negate: false, text: "--uid-owner 0" }, { hook: "OUTPUT" })).toHaveProperty("unknown");
  });

  it("a local socket: absent is no, present is not known to be transparent", () => {
    const match = { match: "socket", negate: false, text: "--transparent" } as const;
    expect(ask(match)).toBe(false);
    const netns = netnsWith([], { sockets: unknown("no ss") });
    expect(ask(match, { netns })).toHaveProperty("unknown");
  });
});

describe("sets", () => {
  it("hash:net with a hole, and without", () => {
    const entries = ["10.0.0.0/8", "10.0.0.0/24 nomatch", '10.0.1.0/24 timeout 30 comment "nomatch"'];
    const set = setOf("nets", "hash:net", entries);
    expect(isIn([set], "nets", "src")).toBe(false);
    expect(isIn([set], "nets", "dst")).toBe(true);
  });

  it.each([
    ["hash:ip", ["10.0.0.1"], ["src"], true],
    ["hash:ip", ["10.0.0.2"], ["src"], false],
    ["hash:ip", ["10.0.0.0-10.0.0.9"], ["src"], true],
    ["bitmap:ip", ["10.0.1.0-10.0.1.1"], ["dst"], false],
    ["bitmap:port", ["80", "440-450"], ["dst"], true],
    ["bitmap:port", ["80"], ["src"], false],
    ["hash:ip,port", ["10.0.1.2,tcp:443"], ["dst", "dst"], true],
    ["hash:ip,port", ["10.0.1.2,udp:443"], ["dst", "dst"], false],
    ["hash:net,port", ["10.0.0.0/16,tcp:40000"], ["dst", "src"], true],
    ["hash:ip,port,ip", ["10.0.1.2,tcp:443,10.0.0.1"], ["dst", "dst", "src"], true],
    ["hash:ip,port,ip", ["10.0.1.2,tcp:443,10.0.0.9"], ["dst", "dst", "src"], false],
    ["hash:net,iface", ["10.0.0.0/24,eth0"], ["src", "src"], true],
    ["hash:net,iface", ["10.0.0.0/24,eth0"], ["src", "dst"], false],
    ["hash:net,iface", ["10.0.0.0/24,eth wildcard"], ["src", "dst"], true],
    ["ipv4_addr . inet_service", ["10.0.1.2 . 443"], ["dst", "dst"], true],
  ] as const)("%s %j by %j: %s", (type, entries, dimensions, wanted) => {
    expect(isIn([setOf("s", type, entries)], "s", ...dimensions)).toBe(wanted);
  });

  it("of sets", () => {
    const sets = [setOf("all", "list:set", ["a", "b"]), setOf("a", "hash:ip", []), setOf("b", "hash:ip", ["10.0.0.1"])];
    expect(isIn(sets, "all", "src")).toBe(true);
    expect(isIn(sets, "all", "dst")).toBe(false);
    expect(isIn(sets.slice(0, 2), "all", "dst")).toHaveProperty("unknown");
    expect(isIn([setOf("loop", "list:set", ["loop"])], "loop", "src")).toHaveProperty("unknown");
  });

  it("that are missing, unread or of a type that is not modelled are unknown", () => {
    expect(isIn([], "gone", "src")).toHaveProperty("unknown");
    expect(isIn([setOf("m", "hash:mac", ["02:00:00:00:00:01"])], "m", "src")).toHaveProperty("unknown");
    const netns = netnsWith([], { sets: unknown("ipset: not found") });
    expect(ask({ match: "set", negate: true, set: "s", dimensions: ["src"] }, { netns })).toHaveProperty("unknown");
  });

  it("a large one is searched once compiled", () => {
    const entries = Array.from({ length: 65536 }, (_, i) => `10.${200 + (i >> 14)}.${(i >> 8) & 63}.${i & 255}`);
    const set = setOf("big", "hash:ip", entries);
    isIn([set], "big", "src");
    const ms = processorMs(() => {
      for (let i = 0; i < 1000; i++) isIn([set], "big", "src");
    });
    expect(ms).toBeLessThan(500);
  });
});

describe("REDIRECT", () => {
  const nat = (hook: "PREROUTING" | "OUTPUT") =>
    rulesetOf("iptables-nft", "nat", [
      chainOf(hook, [[[], { do: "REDIRECT", ports: [15006, 15006] }]], { hook, priority: -100, type: "nat" }),
    ]);
  const address = { ip: ip("10.0.0.254"), prefix: prefix("10.0.0.0/24"), scope: "global", secondary: false };
  const link = { name: "eth0", addresses: [address] } as unknown as Link;

  it("takes the ingress link's address, or loopback for what is sent here", () => {
    const here = netnsWith([nat("PREROUTING"), nat("OUTPUT")], { links: known([link]) });
    expect(traverseHook(contextFor(here, "PREROUTING", packet))[0]?.connection?.reply).toMatchObject({
      src: ip("10.0.0.254"),
      sport: 15006,
    });
    expect(traverseHook(contextFor(here, "OUTPUT", packet))[0]?.connection?.reply.src).toEqual(ip("127.0.0.1"));
    const bare = netnsWith([nat("PREROUTING")]);
    expect(traverseHook(contextFor(bare, "PREROUTING", packet))[0]?.verdict.do).toBe("unknown");
  });
});
