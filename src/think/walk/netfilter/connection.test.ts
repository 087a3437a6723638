import { describe, expect, it } from "vitest";
import { ip } from "../../../facts/ip.ts";
import type { ConntrackEntry } from "../../../facts/netns.ts";
import { outerIp } from "../packet.ts";
import { applyConnection, findConnection, hasDestinationNat, hasSourceNat, matchConnection } from "./connection.ts";
import type { Connection } from "./contract.ts";
import { chainOf, contextFor, dnat, drop, inState, marked, netnsWith, packetOf, rulesetOf } from "./test-ground.ts";
import { traverseHook } from "./traverse-hook.ts";

const nat = (hook: "PREROUTING" | "POSTROUTING" | "OUTPUT", ...rules: Parameters<typeof chainOf>[1]) =>
  rulesetOf("iptables-nft", "nat", [
    chainOf(hook, rules, { hook, priority: hook === "POSTROUTING" ? 100 : -100, type: "nat" }),
  ]);
const netns = netnsWith([
  nat("PREROUTING", [[], dnat("10.1.0.9", 8080)], [[], dnat("10.1.0.10", 8080)]),
  nat("POSTROUTING", [[], { do: "MASQUERADE" }]),
]);

/** A connection to a Service, as the walk makes it at a node that translates both sides. */
function openThroughNode(protocol: "tcp" | "udp" | "icmp"): { readonly connection: Connection; readonly wire: string } {
  const packet = packetOf(protocol, "203.0.113.5", "10.96.0.1");
  const [pre] = traverseHook(contextFor(netns, "PREROUTING", packet));
  if (pre === undefined) throw new Error("no way");
  const [post] = traverseHook(
    contextFor(netns, "POSTROUTING", pre.packet, { iif: "eth0", connection: pre.connection }),
  );
  if (post?.connection == null) throw new Error("no connection");
  return { connection: post.connection, wire: describePacket(post.packet) };
}

function describePacket(packet: Parameters<typeof outerIp>[0]): string {
  const { src, dst } = outerIp(packet);
  const ports = packet.headers.find((h) => h.kind === "tcp" || h.kind === "udp");
  return ports?.kind === "tcp" || ports?.kind === "udp"
    ? `${src.text}:${ports.sport} > ${dst.text}:${ports.dport}`
    : `${src.text} > ${dst.text}`;
}

describe("a translated connection", () => {
  it("leaves with the first matching rule's destination and the node's source", () => {
    const { connection, wire } = openThroughNode("tcp");
    expect(wire).toBe("192.0.2.1:40000 > 10.1.0.9:8080");
    expect([hasDestinationNat(connection), hasSourceNat(connection)]).toEqual([true, true]);
  });

  it("has its reply undone by its own entry: SNAT at PREROUTING, DNAT at POSTROUTING, by no rule", () => {
    const { connection } = openThroughNode("udp");
    const back = packetOf("udp", "10.1.0.9", "192.0.2.1", { sport: 8080, dport: 40000 });
    const mine = matchConnection(connection, back);
    expect(mine).toMatchObject({ direction: "REPLY", replied: true });
    const [pre] = traverseHook(contextFor(netns, "PREROUTING", back, { connection: mine }));
    expect(describePacket(pre?.packet ?? back)).toBe("10.1.0.9:8080 > 203.0.113.5:40000");
    expect(pre?.packet.ct).toBe("ESTABLISHED");
    const [post] = traverseHook(
      contextFor(netns, "POSTROUTING", pre?.packet ?? back, { connection: pre?.connection ?? null, iif: "eth1" }),
    );
    expect(describePacket(post?.packet ?? back)).toBe("10.96.0.1:80 > 203.0.113.5:40000");
  });

  it("matches ICMP echo replies by id", () => {
    const { connection, wire } = openThroughNode("icmp");
    expect(wire).toBe("192.0.2.1 > 10.1.0.9");
    const back = packetOf("icmp", "10.1.0.9", "192.0.2.1", { flags: "syn-ack" });
    expect(matchConnection(connection, back)?.direction).toBe("REPLY");
    expect(matchConnection(connection, packetOf("icmp", "10.1.0.9", "192.0.2.1", { sport: 7, flags: "syn-ack" }))).toBe(
      null,
    );
  });

  it("is rewritten nowhere else", () => {
    const { connection } = openThroughNode("tcp");
    const packet = packetOf("tcp", "203.0.113.5", "10.96.0.1");
    expect(applyConnection(packet, connection, "FORWARD")).toBe(packet);
    expect(describePacket(applyConnection(packet, connection, "INPUT"))).toBe("192.0.2.1:40000 > 10.96.0.1:80");
    expect(describePacket(applyConnection(packet, connection, "OUTPUT"))).toBe("203.0.113.5:40000 > 10.1.0.9:8080");
  });

  it("shows the pseudo states DNAT and SNAT", () => {
    const { connection } = openThroughNode("tcp");
    const filter = rulesetOf("iptables-nft", "filter", [
      chainOf("INPUT", [[[{ match: "ct-state", negate: true, states: ["RELATED", "ESTABLISHED", "DNAT"] }], drop]], {
        hook: "INPUT",
        priority: 0,
        type: "filter",
      }),
    ]);
    const context = contextFor(netnsWith([filter]), "INPUT", packetOf("tcp", "203.0.113.5", "10.1.0.9"));
    expect(traverseHook({ ...context, connection })[0]?.verdict.do).toBe("accept");
    expect(traverseHook(context)[0]?.verdict.do).toBe("drop");
  });
});

describe("an entry of the node's table", () => {
  const entry: ConntrackEntry = {
    protocol: 17,
    state: null,
    original: { src: ip("203.0.113.5"), dst: ip("10.96.0.1"), sport: 40000, dport: 80 },
    reply: { src: ip("10.1.0.77"), dst: ip("203.0.113.5"), sport: 8080, dport: 40000 },
    unreplied: true,
    assured: false,
    mark: 5,
    timeoutS: 20,
    because: { source: { node: "n", netns: "n/host", argv: [], at: "" }, line: 1 },
  };

  it("that is stale translates still, whatever the rules say today", () => {
    const packet = packetOf("udp", "203.0.113.5", "10.96.0.1");
    const connection = findConnection([entry], packet);
    const [outcome] = traverseHook(contextFor(netns, "PREROUTING", packet, { connection }));
    expect(describePacket(outcome?.packet ?? packet)).toBe("203.0.113.5:40000 > 10.1.0.77:8080");
    expect(outcome?.packet.ct).toBe("NEW");
  });

  it("is found by its reply too, by protocol, and not while a TCP entry is closing", () => {
    const reply = packetOf("udp", "10.1.0.77", "203.0.113.5", { sport: 8080, dport: 40000 });
    expect(findConnection([entry], reply)?.direction).toBe("REPLY");
    const syn = packetOf("tcp", "203.0.113.5", "10.96.0.1");
    expect(findConnection([entry], syn)).toBe(null);
    expect(findConnection([{ ...entry, protocol: 6, state: "TIME_WAIT" }], syn)).toBe(null);
    expect(findConnection([{ ...entry, protocol: 6, state: "SYN_SENT" }], syn)).not.toBe(null);
  });
});

describe("connection marks", () => {
  it("are set, saved and restored", () => {
    const mangle = (hook: "PREROUTING" | "FORWARD", ...rules: Parameters<typeof chainOf>[1]) =>
      rulesetOf("iptables-nft", "mangle", [chainOf(hook, rules, { hook, priority: -150, type: "filter" })]);
    const full = 0xffffffff;
    const marks = netnsWith([
      mangle(
        "PREROUTING",
        [[inState("NEW")], { do: "MARK", value: 0x30, mask: full }],
        [[], { do: "CONNMARK", op: "save", value: 0xf0, mask: 0xf0 }],
        [[], { do: "MARK", value: 0, mask: full }],
      ),
      mangle("FORWARD", [[], { do: "CONNMARK", op: "restore", value: full, mask: full }], [[marked(0x30, full)], drop]),
    ]);
    const packet = packetOf("tcp", "10.0.0.1", "10.0.1.2");
    const [pre] = traverseHook(contextFor(marks, "PREROUTING", packet));
    expect(pre).toMatchObject({ packet: { mark: 0 }, connection: { mark: 0x30 } });
    const [fwd] = traverseHook(
      contextFor(marks, "FORWARD", pre?.packet ?? packet, { connection: pre?.connection ?? null }),
    );
    expect(fwd?.verdict).toMatchObject({ do: "drop", by: { number: 2 } });
  });
});
