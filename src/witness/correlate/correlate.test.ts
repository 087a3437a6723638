import { describe, expect, it } from "vitest";
import { ip } from "../../facts/ip.ts";
import type { Frame, SeenHeader } from "../sighting.ts";
import { adoptFlows } from "./adopt-flows.ts";
import { correlate } from "./correlate.ts";
import { lastHopOf } from "../testing/last-hop.ts";
import { buildTrails, type ExpectedPoint } from "./trail.ts";
import type { Tracer } from "./tracer.ts";

const ipHeader = (src: string, dst: string, protocol: number, ttl: number): SeenHeader => ({
  kind: "ip",
  src: ip(src),
  dst: ip(dst),
  protocol,
  ttl,
  id: 1,
  df: true,
  fragmentOffset: 0,
  length: 60,
});
const syn = (seq: number, sport: number, dport: number): SeenHeader => ({
  kind: "tcp",
  sport,
  dport,
  seq,
  ack: 0,
  syn: true,
  ackFlag: false,
  fin: false,
  rst: false,
  payload: 0,
});
let order = 0;
const frame = (netns: string, link: string, direction: "in" | "out", headers: SeenHeader[], atNs = 0n): Frame => ({
  netns,
  link,
  direction,
  headers,
  order: order++,
  atNs,
});
const tracer = (id: string, more: Partial<Tracer> = {}): Tracer => ({
  id,
  netns: "a/host",
  protocol: "tcp",
  dst: ip("10.0.0.9"),
  dport: 80,
  alsoTo: [{ ip: ip("10.1.0.2"), port: 8080 }],
  sports: null,
  isn: null,
  tag: null,
  dnsId: null,
  payloadKey: null,
  icmp: null,
  ...more,
});

describe("learning initial sequence numbers", () => {
  const out = (seq: number, sport: number, dst = "10.1.0.2", dport = 8080) =>
    frame("a/host", "eth0", "out", [ipHeader("10.0.0.1", dst, 6, 64), syn(seq, sport, dport)]);

  it("tells attempts apart by the source ports that only they may use", () => {
    const tracers = [tracer("p#1", { sports: [20_000, 20_003] }), tracer("p#2", { sports: [20_004, 20_007] })];
    const { tracers: learnt } = correlate(tracers, [out(7, 20_004), out(8, 20_001), out(9, 40_000)]);
    expect(learnt.map((t) => t.isn)).toEqual([8, 7]);
  });

  it("takes as many as there are when ports were translated, and none when somebody else's fit too", () => {
    const tracers = [tracer("p#1", { sports: [20_000, 20_003] }), tracer("p#2", { sports: [20_004, 20_007] })];
    expect(correlate(tracers, [out(7, 41_000), out(8, 42_000)]).unlearnt).toEqual([]);
    expect(correlate(tracers, [out(7, 41_000), out(8, 42_000), out(9, 43_000)]).unlearnt.map((u) => u.id)).toEqual([
      "p#1",
      "p#2",
    ]);
    expect(correlate(tracers, [out(7, 41_000)]).unlearnt.length).toBe(2);
  });

  it("takes no forwarded packet for the host's own", () => {
    const forwarded = frame("a/host", "veth0", "in", [ipHeader("10.0.0.5", "10.0.0.9", 6, 64), syn(5, 20_001, 80)]);
    expect(correlate([tracer("p#1", { sports: [20_000, 20_003] })], [forwarded, out(5, 20_001)]).unlearnt.length).toBe(
      1,
    );
  });
});

describe("a resolver that forwards a question, tag and all", () => {
  const [RESOLVER, UPSTREAM] = ["10.42.1.5", "9.9.9.9"];
  const dns = (qr: number, id: number) =>
    Buffer.concat([Uint8Array.from([id, 7, qr, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3]), Buffer.from("tag")]);
  const datagram = (src: string, dst: string, sport: number, dport: number, payload: Uint8Array) =>
    frame("b/host", "eth0", "in", [ipHeader(src, dst, 17, 63), { kind: "udp", sport, dport, payload }]);
  const frames = [
    datagram("10.42.0.3", "10.96.0.10", 5000, 53, dns(1, 1)),
    datagram("10.42.0.3", RESOLVER, 5000, 53, dns(1, 1)),
    datagram(RESOLVER, UPSTREAM, 6000, 53, dns(1, 2)),
    datagram(UPSTREAM, RESOLVER, 53, 6000, dns(0x81, 2)),
    datagram(RESOLVER, "10.42.0.3", 53, 5000, dns(0x81, 1)),
    datagram("10.96.0.10", "10.42.0.3", 53, 5000, dns(0x81, 1)),
  ];
  const asked = (more: Partial<Tracer>) => {
    const alsoTo = [{ ip: ip(RESOLVER), port: 53 }];
    const dst = ip("10.96.0.10");
    const one = tracer("p#1", { protocol: "udp", dst, dport: 53, alsoTo, tag: Buffer.from("tag"), ...more });
    return correlate([one], frames).sightings.map(({ leg, order: at }) => [leg, at - (frames[0] as Frame).order]);
  };
  const ours = [
    ["request", 0],
    ["request", 1],
    ["reply", 4],
    ["reply", 5],
  ];

  it("sends one of its own, told by the id", () => {
    expect(asked({ dnsId: 0x107 })).toEqual(ours);
  });

  it("and by whom it is for, where the id is not known", () => {
    expect(asked({ dnsId: null })).toEqual(ours);
  });
});

describe("walk order", () => {
  it("is the packet's, across nodes whose clocks lie and through one that nobody expected", () => {
    const at = (netns: string, link: string, direction: "in" | "out", ttl: number, atNs: bigint) =>
      frame(netns, link, direction, [ipHeader("10.0.0.1", "10.0.0.9", 6, ttl), syn(7, 20_001, 80)], atNs);
    const frames = [
      at("c/host", "eth0", "in", 62, 10n),
      at("b/host", "eth0", "in", 63, 20n),
      at("b/host", "eth1", "out", 62, 30n),
      at("a/pod:d/p", "eth0", "out", 64, 99n),
      at("a/host", "veth0", "in", 64, 98n),
      at("a/host", "eth0", "out", 63, 97n),
    ];
    const one = tracer("p#1", { netns: "a/pod:d/p", isn: 7 });
    const { sightings } = correlate([one], frames);
    const expected: ExpectedPoint[] = [
      { netns: "a/pod:d/p", link: "eth0", direction: "out", leg: "request", header: "inner" },
      { netns: "a/host", link: "eth0", direction: "out", leg: "request", header: "inner" },
      { netns: "c/host", link: "eth0", direction: "in", leg: "request", header: "inner" },
      { netns: "c/host", link: "veth0", direction: "out", leg: "request", header: "inner" },
    ];
    const [trail] = buildTrails(sightings, expected, () => "a/pod:d/p");
    expect(trail?.request.map((p) => `${p.sighting.netns} ${p.sighting.link}`)).toEqual([
      "a/pod:d/p eth0",
      "a/host veth0",
      "a/host eth0",
      "b/host eth0",
      "b/host eth1",
      "c/host eth0",
    ]);
    expect(trail?.request.map((p) => p.expectedAt)).toEqual([0, null, 1, null, null, 2]);
    const report = {
      netns: "c/host",
      started: true,
      captured: 1,
      received: 1,
      dropped: 0,
      trustworthy: true,
      why: null,
    };
    const hop = lastHopOf(trail as NonNullable<typeof trail>, expected, [report], "a/pod:d/p");
    expect(hop).toMatchObject({ leg: "request", isOffPath: false, absenceIsProven: true, next: { link: "veth0" } });
    const untapped = lastHopOf(
      trail as NonNullable<typeof trail>,
      expected,
      [{ ...report, trustworthy: false }],
      "a/pod:d/p",
    );
    expect(untapped.absenceIsProven).toBe(false);
  });
});

describe("adoptFlows", () => {
  const udp = (src: string, dst: string, sport: number, text: string) => [
    ipHeader(src, dst, 17, 64),
    { kind: "udp", sport, dport: 9999, payload: new TextEncoder().encode(text) } satisfies SeenHeader,
  ];

  it("leaves out datagrams that nothing tells apart", () => {
    const frames = [
      frame("a/host", "eth0", "out", udp("10.0.0.1", "10.0.0.2", 4000, "heartbeat")),
      frame("a/host", "eth0", "out", udp("10.0.0.1", "10.0.0.3", 4000, "heartbeat")),
      frame("a/host", "eth0", "out", udp("10.0.0.1", "10.0.0.3", 4000, "something else")),
    ];
    const flows = adoptFlows(frames);
    expect(flows.map((f) => f.dst.text)).toEqual(["10.0.0.3"]);
    expect(correlate(flows, frames).sightings.length).toBe(1);
  });

  it("follows a DNS query through NAT, and its answer by the mirrored addresses", () => {
    const dns = (qr: number, id: number) =>
      Uint8Array.from([id, 7, qr, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 97, 0, 0, 1, 0, 1]);
    const query = (dst: string, id: number) => [
      ipHeader("10.0.0.1", dst, 17, 64),
      { kind: "udp", sport: 5000, dport: 53, payload: dns(1, id) } satisfies SeenHeader,
    ];
    const answer = (src: string, id: number) => [
      ipHeader(src, "10.0.0.1", 17, 62),
      { kind: "udp", sport: 53, dport: 5000, payload: dns(0x81, id) } satisfies SeenHeader,
    ];
    const frames = [
      frame("a/host", "veth0", "in", query("10.96.0.10", 1)),
      frame("a/host", "veth0", "in", query("10.96.0.10", 2)),
      frame("a/host", "eth0", "out", query("10.1.0.2", 1)),
      frame("a/host", "eth0", "out", query("10.1.0.2", 2)),
      frame("a/host", "eth0", "in", answer("10.1.0.2", 2)),
      frame("a/host", "veth0", "out", answer("10.96.0.10", 2)),
    ];
    const flows = adoptFlows(frames);
    expect(flows.length).toBe(2);
    const trails = buildTrails(correlate(flows, frames).sightings, [], () => null);
    expect(trails.map((t) => [t.request.length, t.reply.length])).toEqual([
      [2, 0],
      [2, 2],
    ]);
  });
});
