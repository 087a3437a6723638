import { processorMs } from "../../../../test/processor-ms.ts";
import { describe, expect, it } from "vitest";
import {
  back,
  chainOf,
  contextFor,
  dnat,
  dport,
  drop,
  filterAt,
  from,
  jump,
  mark,
  netnsWith,
  packetOf,
  type RuleParts,
  rulesetOf,
  tcp,
  to,
} from "./test-ground.ts";
import { traverseHook } from "./traverse-hook.ts";

const address = (i: number) => `10.${96 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`;

describe("an indexed chain", () => {
  it("keeps the order of rules for one destination, one port, and everybody", () => {
    const noise: RuleParts[] = Array.from({ length: 100 }, (_, i) => [[to(`${address(i)}/32`)], drop]);
    const rules: RuleParts[] = [
      ...noise,
      [[from("10.0.0.0/8")], mark(1)],
      [[tcp, dport(80)], mark(2)],
      [[to("10.0.1.2/32")], mark(3)],
      [[tcp], back],
      [[to("10.0.1.2/32")], drop],
    ];
    const netns = netnsWith([filterAt("FORWARD", rules)]);
    const [outcome] = traverseHook(contextFor(netns, "FORWARD", packetOf("tcp", "10.0.0.1", "10.0.1.2")));
    expect(outcome).toMatchObject({ verdict: { do: "accept" }, packet: { mark: 3 } });
    expect(outcome?.acted.map((p) => p.number)).toEqual([101, 102, 103]);
    const dropped = traverseHook(contextFor(netns, "FORWARD", packetOf("udp", "10.0.0.1", "10.0.1.2")));
    expect(dropped[0]?.verdict).toMatchObject({ do: "drop", by: { number: 105 } });
  });

  it("of 2000 Services is walked in a few milliseconds", () => {
    const services = Array.from({ length: 2000 }, (_, i) => i);
    const netns = netnsWith([
      rulesetOf("iptables-nft", "nat", [
        chainOf("PREROUTING", [[[], jump("KUBE-SERVICES")]], { hook: "PREROUTING", priority: -100, type: "nat" }),
        chainOf(
          "KUBE-SERVICES",
          services.flatMap((i): RuleParts[] => [
            [[from("10.244.0.0/16", true), to(`${address(i)}/32`), tcp, dport(80)], jump("KUBE-MARK-MASQ")],
            [[to(`${address(i)}/32`), tcp, dport(80)], jump(`KUBE-SVC-${i}`)],
          ]),
        ),
        chainOf("KUBE-MARK-MASQ", [[[], mark(0x4000, 0x4000)]]),
        ...services.flatMap((i) => [
          chainOf(`KUBE-SVC-${i}`, [[[], jump(`KUBE-SEP-${i}`)]]),
          chainOf(`KUBE-SEP-${i}`, [[[tcp], dnat(`10.244.${i >> 8}.${i & 255}`, 8080)]]),
        ]),
      ]),
    ]);
    const walk = (i: number) =>
      traverseHook(contextFor(netns, "PREROUTING", packetOf("tcp", "192.168.0.9", address(i))));
    const first = processorMs(() => {
      expect(walk(1999)[0]?.connection?.reply.src.text).toBe("10.244.7.207");
    });
    const all = processorMs(() => {
      for (const i of services) walk(i);
    });
    expect(first).toBeLessThan(300);
    expect(all / services.length).toBeLessThan(3);
  });

  it("a Service of 1000 endpoints makes 1000 ways", () => {
    const count = 1000;
    const rules = Array.from({ length: count }, (_, i): RuleParts => {
      const probability = 1 / (count - i);
      return [
        i === count - 1 ? [] : [{ match: "statistic", negate: false, mode: "random", probability }],
        dnat(address(i)),
      ];
    });
    const netns = netnsWith([
      rulesetOf("iptables-nft", "nat", [
        chainOf("PREROUTING", rules, { hook: "PREROUTING", priority: -100, type: "nat" }),
      ]),
    ]);
    const outcomes = traverseHook(contextFor(netns, "PREROUTING", packetOf("tcp", "192.168.0.9", "10.0.0.1")));
    expect(outcomes).toHaveLength(count);
    for (const { weight } of outcomes) expect(weight).toBeCloseTo(1 / count, 9);
  });
});
