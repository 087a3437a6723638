import { describe, expect, test } from "vitest";
import { flowTo } from "../../test/explain/what-happens.ts";
import { recordedCluster } from "../../test/explain/recorded-cluster.ts";
import { ip } from "../facts/ip.ts";
import { arrives, failingLeg } from "../think/walk/branch.ts";
import { walk } from "../think/walk/walk.ts";
import type { Frame, SeenHeader } from "../witness/sighting.ts";
import { adopt } from "./adopt.ts";
import type { Trial } from "./examination.ts";
import { placeOf } from "./place.ts";

const SENDER = "k1/pod:default/frontend-764dfd4598-hxw42";
const SERVER = "k2/pod:default/frontend-764dfd4598-gnkwp";
const DST = "10.42.0.3";
const ALL = new Set([SENDER, "k1/host", "k2/host", SERVER]);

async function trialOf(): Promise<Trial> {
  const { world } = await recordedCluster("vxlan-healthy");
  const from = placeOf(world, SENDER);
  if (from === null) throw new Error("no sender");
  const flow = flowTo(SENDER, DST, 8080);
  const probe = { id: "a1", kind: "tcp", from, dst: flow.dst, port: 8080, attempts: 1 } as unknown as Trial["probe"];
  return { flow, walk: walk(world, flow), probe };
}

interface Part {
  readonly seq: number;
  readonly ack?: number;
  readonly flags?: "syn" | "syn-ack" | "ack" | "rst";
  readonly payload?: number;
  readonly back?: boolean;
}

/** Frames of one connection by netns, in the order given; half a second passes with each. */
class Wire {
  readonly frames: Frame[] = [];
  private readonly sport: number;

  constructor(sport: number) {
    this.sport = sport;
  }

  at(netnses: readonly string[], { seq, ack = 0, flags = "ack", payload = 0, back = false }: Part): this {
    for (const netns of netnses) {
      const order = this.frames.length;
      const client = { ip: ip("10.42.1.2"), port: this.sport };
      const server = { ip: ip(DST), port: 8080 };
      const [from, to] = back ? [server, client] : [client, server];
      const headers: SeenHeader[] = [
        {
          kind: "ip",
          src: from.ip,
          dst: to.ip,
          protocol: 6,
          ttl: 64,
          id: 1,
          df: true,
          fragmentOffset: 0,
          length: 40 + payload,
        },
        {
          kind: "tcp",
          sport: from.port,
          dport: to.port,
          seq,
          ack,
          syn: flags.startsWith("syn"),
          ackFlag: flags !== "syn",
          fin: false,
          rst: flags === "rst",
          payload,
        },
      ];
      const isOut = netns === (back ? SERVER : SENDER);
      this.frames.push({
        netns,
        link: "eth0",
        direction: isOut ? "out" : "in",
        headers,
        order,
        atNs: BigInt(order) * 500_000_000n,
      });
    }
    return this;
  }
}

const everywhere = [SENDER, "k1/host", "k2/host", SERVER];
const homewards = [...everywhere].reverse();

function standing(sport = 40_000): Wire {
  return new Wire(sport)
    .at(everywhere, { seq: 100, flags: "syn" })
    .at(homewards, { seq: 900, ack: 101, flags: "syn-ack", back: true })
    .at(everywhere, { seq: 101, ack: 901 });
}

async function told(frames: readonly Frame[], trusted: ReadonlySet<string> = ALL) {
  const { tried } = adopt(await trialOf(), frames, [], trusted);
  return tried.tries.map((t) => `${t.answered} ${t.outcome} ${t.trail?.points.at(-1)?.netns ?? "unheard"}`);
}

describe("connections that a gateway opens itself", () => {
  test("answered, or the server is silent: the packets did their part", async () => {
    const asked = standing().at(everywhere, { seq: 101, ack: 901, payload: 77 });
    expect(await told(asked.frames)).toEqual([`true timeout ${SENDER}`]);
    const answered = asked.at(homewards, { seq: 901, ack: 178, payload: 200, back: true });
    expect(await told(answered.frames)).toEqual([`true answered ${SENDER}`]);
  });

  test("what was said on them got lost, there or back", async () => {
    const there = standing().at([SENDER, "k1/host"], { seq: 101, ack: 901, payload: 1400 });
    expect(await told(there.frames)).toEqual(["false timeout k1/host"]);
    const back = standing()
      .at(everywhere, { seq: 101, ack: 901, payload: 77 })
      .at([SERVER, "k2/host"], { seq: 901, ack: 178, payload: 1400, back: true });
    expect(await told(back.frames)).toEqual(["false timeout k2/host"]);
  });

  test("not where a tap that lost packets is the only one to say so", async () => {
    const there = standing().at([SENDER, "k1/host"], { seq: 101, ack: 901, payload: 1400 });
    const deaf = new Set([...ALL].filter((netns) => netns !== SERVER));
    expect(await told(there.frames, deaf)).toEqual([`true timeout ${SENDER}`]);
  });

  test("never accepted, refused, and those on which nothing was said", async () => {
    const lost = new Wire(40_000)
      .at([SENDER, "k1/host"], { seq: 100, flags: "syn" })
      .at([SENDER, "k1/host"], { seq: 100, flags: "syn" });
    expect(await told(lost.frames)).toEqual(["false timeout k1/host"]);
    const refused = new Wire(40_000)
      .at(everywhere, { seq: 100, flags: "syn" })
      .at(homewards, { seq: 0, ack: 101, flags: "rst", back: true });
    expect(await told(refused.frames)).toEqual([`false refused ${SERVER}`]);
    expect(await told(standing().frames)).toEqual([]);
  });

  test("too young to be called unanswered", async () => {
    const { frames } = new Wire(40_000).at([SENDER], { seq: 100, flags: "syn" });
    expect(await told(frames)).toEqual([]);
  });

  test("ours among them are left out", async () => {
    const { frames } = standing().at(everywhere, { seq: 101, ack: 901, payload: 77 });
    const trial = await trialOf();
    const ours = { id: "us1#1", isn: 100, sports: null } as unknown as Parameters<typeof adopt>[2][number];
    expect(adopt(trial, frames, [ours], ALL).tried.tries).toEqual([]);
    const unlearnt = { ...ours, isn: null, sports: [39_998, 40_001] } as typeof ours;
    expect(adopt(trial, frames, [unlearnt], ALL).tried.tries).toEqual([]);
  });

  test("the walk is of packets as large as those that were lost, cut as their sender cuts them", async () => {
    const there = standing().at([SENDER, "k1/host"], { seq: 101, ack: 901, payload: 1410 });
    const trial = await trialOf();
    const { tried } = adopt(trial, there.frames, [], ALL);
    expect([tried.flow.bytes, tried.flow.replyBytes]).toEqual([1450, 60]);
    expect(trial.walk.branches.map(arrives)).toEqual([true]);
    const narrow = {
      ...trial,
      walk: walk(await withTunnelMtu(1300), trial.flow),
    };
    expect(narrow.walk.branches.map(arrives)).toEqual([true]);
    const [branch] = adopt(narrow, there.frames, [], ALL).tried.walk.branches;
    if (branch === undefined) throw new Error("no branch");
    expect(failingLeg(branch)?.at).toMatchObject({ end: "MTU_EXCEEDED", netns: "k1/host" });
  });
});

async function withTunnelMtu(mtu: number) {
  const { world } = await recordedCluster("vxlan-healthy");
  const host = world.netns.get("k1/host");
  if (host?.links.known !== true) throw new Error("k1 was not read");
  const value = host.links.value.map((link) => (link.name === "flannel.1" ? { ...link, mtu } : link));
  const links = { known: true, value } as const;
  return { ...world, netns: new Map([...world.netns, [host.id, { ...host, links }]]) };
}

describe("datagrams of a flow that is under way", () => {
  const SPORT = 40_000;
  const query = (id: number) => Uint8Array.from([0, id, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 97, 0, 0, 1, 0, 1]);
  const answer = (id: number) => query(id).map((byte, i) => (i === 2 ? 0x81 : byte));

  function datagrams(netnses: readonly string[], payload: Uint8Array, sport: number, dport: number, from = 0): Frame[] {
    return netnses.map((netns, i) => {
      const order = from + i;
      const [src, dst] = dport === 53 ? [ip("10.42.1.2"), ip(DST)] : [ip(DST), ip("10.42.1.2")];
      const length = 28 + payload.length;
      const headers: SeenHeader[] = [
        { kind: "ip", src, dst, protocol: 17, ttl: 64, id: 1, df: true, fragmentOffset: 0, length },
        { kind: "udp", sport, dport, payload },
      ];
      const direction = (netns === SENDER) === (dport === 53) ? "out" : "in";
      return { netns, link: "eth0", direction, headers, order, atNs: BigInt(order) * 500_000_000n };
    });
  }

  async function toldOf(frames: readonly Frame[], sport = SPORT) {
    const { world } = await recordedCluster("vxlan-healthy");
    const from = placeOf(world, SENDER);
    const flow = flowTo(SENDER, DST, 53, { protocol: "udp", sport });
    const probe = { id: "o1", kind: "udp", from, dst: flow.dst, port: 53, attempts: 1 } as unknown as Trial["probe"];
    const { tried } = adopt({ flow, walk: walk(world, flow), probe }, frames, [], ALL);
    return tried.tries.map((t) => `${t.answered} ${t.outcome}`);
  }

  test("each is one try, answered or not", async () => {
    const lost = datagrams([SENDER, "k1/host"], query(1), SPORT, 53);
    const asked = datagrams(everywhere, query(2), SPORT, 53, 2);
    const answered = datagrams(homewards, answer(2), 53, SPORT, 6);
    expect(await toldOf([...lost, ...asked, ...answered])).toEqual(["false timeout", "true answered"]);
  });

  test("from that port alone", async () => {
    expect(await toldOf(datagrams([SENDER, "k1/host"], query(1), SPORT, 53), 40_001)).toEqual([]);
  });
});
