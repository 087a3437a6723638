import { beforeAll, describe, expect, test } from "vitest";
import * as make from "../../../test/explain/faults.ts";
import { recordedCluster } from "../../../test/explain/recorded-cluster.ts";
import { flowTo, triedIn } from "../../../test/explain/what-happens.ts";
import type { Netns } from "../../facts/netns.ts";
import { known, unknown } from "../../facts/provenance.ts";
import type { World } from "../../facts/world.ts";
import { type Suspect, suspectsOf } from "../../think/explain/suspect.ts";
import { rulePackets } from "./rule-packets.ts";

const TO_POD = flowTo("k1/host", "10.42.0.3", 8080);

let healthy: World;
beforeAll(async () => {
  healthy = (await recordedCluster("vxlan-healthy")).world;
});

function suspectIn(world: World): Suspect {
  const [suspect] = suspectsOf(triedIn(world, world, TO_POD));
  if (suspect === undefined) throw new Error("nothing fails");
  return suspect;
}

/** The netns as it is after that many more packets met the first rule of its FORWARD chain. */
function later(netns: Netns | undefined, packets: number | null): Netns {
  if (netns?.rulesets.known !== true) throw new Error("not read");
  const value = netns.rulesets.value.map((ruleset) => ({
    ...ruleset,
    tables: ruleset.tables.map((table) => ({
      ...table,
      chains: table.chains.map((chain) => ({
        ...chain,
        rules: chain.rules.map((rule) => (chain.name === "FORWARD" && rule.number === 1 ? { ...rule, packets } : rule)),
      })),
    })),
  }));
  return { ...netns, rulesets: known(value) };
}

describe("packets that the deciding rule counted", () => {
  const dropped = () => make.rule("k2/host", "filter/FORWARD", [{ do: "DROP" }])(healthy);

  test("since the facts were read", () => {
    const world = dropped();
    const suspect = suspectIn(world);
    const before = later(world.netns.get("k2/host"), 4);
    expect(rulePackets(suspect, before, later(before, 13))).toMatchObject({ packets: 9 });
    expect(rulePackets(suspect, before, later(before, 4))).toMatchObject({ packets: 0 });
    expect(rulePackets(suspect, before, later(before, null))).toMatchObject({ packets: 0 });
  });

  test("nothing where it was not read twice, or no rule decides", () => {
    const world = dropped();
    const before = later(world.netns.get("k2/host"), 4);
    expect(rulePackets(suspectIn(world), before, null)).toBeNull();
    expect(rulePackets(suspectIn(world), undefined, before)).toBeNull();
    expect(rulePackets(suspectIn(world), { ...before, rulesets: unknown("no tool") }, before)).toBeNull();
    const off = make.sysctl("k2/host", "net.ipv4.ip_forward", "0")(healthy);
    const host = off.netns.get("k2/host");
    expect(rulePackets(suspectIn(off), host, host ?? null)).toBeNull();
  });
});
