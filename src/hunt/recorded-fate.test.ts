import { describe, expect, it } from "vitest";
import { ip } from "../facts/ip.ts";
import { type AdoptedFlow, adoptFlows } from "../witness/correlate/adopt-flows.ts";
import { correlate } from "../witness/correlate/correlate.ts";
import type { Frame, SeenHeader } from "../witness/sighting.ts";
import { fateOf } from "./recorded-fate.ts";

const MS = 1_000_000n;
const [CLIENT, SERVER] = [ip("10.0.0.1"), ip("10.0.0.2")];

type Seen = readonly [atMs: number, link: string, direction: "in" | "out", packet: readonly SeenHeader[]];

function frames(seen: readonly Seen[]): Frame[] {
  return seen.map(([atMs, link, direction, headers], order) => ({
    netns: "n1/host",
    link,
    direction,
    headers,
    order,
    atNs: BigInt(atMs) * MS,
  }));
}

function packet(from: "client" | "server", transport: SeenHeader): readonly SeenHeader[] {
  const [src, dst] = from === "client" ? [CLIENT, SERVER] : [SERVER, CLIENT];
  const protocol = transport.kind === "tcp" ? 6 : transport.kind === "udp" ? 17 : 1;
  return [{ kind: "ip", src, dst, protocol, ttl: 64, id: null, df: true, fragmentOffset: 0, length: 60 }, transport];
}

function tcp(from: "client" | "server", flags: "syn" | "syn-ack" | "rst"): readonly SeenHeader[] {
  const [sport, dport] = from === "client" ? [40000, 80] : [80, 40000];
  const ack = from === "client" ? 0 : 1001;
  return packet(from, {
    kind: "tcp",
    sport,
    dport,
    seq: from === "client" ? 1000 : 5000,
    ack,
    syn: flags !== "rst",
    ackFlag: flags !== "syn",
    fin: false,
    rst: flags === "rst",
    payload: 0,
  });
}

const echo = (from: "client" | "server") =>
  packet(from, {
    kind: "icmp",
    type: from === "client" ? 8 : 0,
    code: 0,
    id: 7,
    seq: 1,
    payload: new Uint8Array([1, 2, 3]),
  });

function fate(seen: readonly Seen[], untilMs: number, hasSentData = false, isBelow = false) {
  const all = frames(seen);
  const [flow] = adoptFlows(all) as readonly [AdoptedFlow];
  const { sightings } = correlate([flow], all);
  return fateOf(flow, sightings, { hasSentData, recordedUntilNs: BigInt(untilMs) * MS, isBelow: () => isBelow });
}

describe("how a recorded flow went", () => {
  const syn: Seen = [0, "eth0", "out", tcp("client", "syn")];
  const again: Seen = [1000, "eth0", "out", tcp("client", "syn")];
  const accepted: Seen = [3, "eth0", "in", tcp("server", "syn-ack")];

  it("is answered when the acceptance came back to where it was sent", () => {
    expect(fate([syn, accepted], 2000)).toEqual({ outcome: "answered", ms: 3 });
  });

  it("is not answered while the acceptance goes on the same way as the request", () => {
    expect(fate([syn, [3, "eth1", "out", tcp("server", "syn-ack")]], 2000)).toEqual({ outcome: "timeout", ms: null });
  });

  it("is not answered by what its sender did not take, unless data followed", () => {
    expect(fate([syn, accepted, again], 3000)).toEqual({ outcome: "timeout", ms: null });
    expect(fate([syn, accepted, again], 3000, true)?.outcome).toBe("answered");
  });

  it("is not answered on a bridge's port when the request began on the bridge", () => {
    const atPort: Seen = [3, "veth1", "in", tcp("server", "syn-ack")];
    expect(fate([syn, atPort], 2000, false, true)?.outcome).toBe("timeout");
    expect(fate([syn, atPort], 2000, false, false)?.outcome).toBe("answered");
  });

  it("is refused by a reset", () => {
    expect(fate([syn, [2, "eth0", "in", tcp("server", "rst")]], 10)).toEqual({ outcome: "refused", ms: 2 });
  });

  it("is not known when the recording ended half a second or less after it", () => {
    expect(fate([syn], 499)).toBe(null);
    expect(fate([syn], 501)?.outcome).toBe("timeout");
  });

  it("is not known of datagrams, which nobody needs to answer; of DNS it is", () => {
    const datagram = (dport: number) =>
      packet("client", { kind: "udp", sport: 4000, dport, payload: new Uint8Array(20) });
    expect(fate([[0, "eth0", "out", datagram(8125)]], 5000)).toBe(null);
    expect(fate([[0, "eth0", "out", datagram(53)]], 5000)?.outcome).toBe("timeout");
  });

  it("is the echo's when its reply came in", () => {
    expect(
      fate(
        [
          [0, "eth0", "out", echo("client")],
          [4, "eth0", "in", echo("server")],
        ],
        5000,
      )?.ms,
    ).toBe(4);
    expect(fate([[0, "eth0", "out", echo("client")]], 5000)?.outcome).toBe("timeout");
  });
});
