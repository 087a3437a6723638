import { beforeAll, describe, expect, test } from "vitest";
import * as make from "../../../../test/explain/faults.ts";
import { recordedCluster } from "../../../../test/explain/recorded-cluster.ts";
import { causesOf, flowTo, told, triedIn } from "../../../../test/explain/what-happens.ts";
import type { NetnsId } from "../../../facts/provenance.ts";
import type { Match, Target } from "../../../facts/ruleset.ts";
import type { World } from "../../../facts/world.ts";
import { search } from "../../search/search.ts";
import type { Flow } from "../branch.ts";
import { walk } from "../walk.ts";
import { describeEdit, touches } from "./edit-kinds.ts";
import { replaceTable } from "./replace-table.ts";

async function causes(world: World, flow: Flow): Promise<readonly string[]> {
  return (await causesOf(world, triedIn(world, world, flow))).map(told);
}

function asks(set: string, side: "src" | "dst", negate = false): Match {
  return { match: "set", set, dimensions: [side], negate };
}

/** A chain of the filter table, as kube-router makes one for each pod. */
function podChain(
  netns: NetnsId,
  name: string,
  rules: readonly { readonly matches: readonly Match[]; readonly target: Target }[],
): make.Change {
  return (world) =>
    replaceTable(world, netns, "rulesets", (rulesets) =>
      rulesets.map((ruleset) => ({
        ...ruleset,
        tables: ruleset.tables.map((table) => {
          const [like] = table.chains;
          if (ruleset.backend !== "iptables-nft" || table.name !== "filter" || like === undefined) return table;
          const { because } = like;
          const made = rules.map(({ matches, target }, i) => {
            const text = `-A ${name} -m comment --comment ${i} -j ${target.do}`;
            return { number: i + 1, matches, targets: [target], comment: null, packets: null, text, because };
          });
          const chain = { name, hook: null, priority: null, type: null, policy: null, rules: made, because };
          return { ...table, chains: [...table.chains, chain] };
        }),
      })),
    );
}

describe("sets of the recorded Calico cluster, which has two nodes", () => {
  const toNode2 = flowTo("node1/host", "10.244.104.23", 8080);
  const hosts = "cali40all-hosts-net";
  let healthy: World;
  beforeAll(async () => {
    healthy = (await recordedCluster("ipip-healthy")).world;
  });

  test("one of the tunnel's ends is no longer in the set of those that may send", async () => {
    const world = make.made(
      healthy,
      make.setEntries("node2/host", hosts, (all) => all.filter((entry) => entry !== "192.168.6.141")),
    );
    expect(walk(world, toNode2).branches.map((b) => b.end)).toEqual(["NETFILTER_DROP"]);
    expect(await causes(world, toNode2)).toEqual([
      "confirmed ipset-entry-missing node2 ipset cali40all-hosts-net entry 192.168.6.141",
    ]);
    const { found } = search(world, toNode2);
    expect(found[0]?.edits.map((edit) => describeEdit(world, edit))).toEqual([
      { object: "ipset cali40all-hosts-net entry 192.168.6.141", found: null, wanted: "192.168.6.141" },
    ]);
    // What takes the policy's rule away delivers as well, and costs more: the other node has it too.
    expect(found.length).toBe(1);
  });

  test("that a single other node has it proves nothing where the sets have nothing in common", async () => {
    const world = make.made(
      healthy,
      make.setEntries("node2/host", hosts, () => []),
    );
    expect((await causes(world, toNode2)).join()).not.toContain("ipset-entry");
  });
});

test("a set of which each of two nodes has an entry of its own tells nothing", async () => {
  const { world } = await recordedCluster("ipip-healthy");
  const shared = Array.from({ length: 8 }, (_, i) => `198.51.100.${i}`);
  const own = make.all(
    make.setEntries("node1/host", "cali40all-hosts-net", (all) => [...all, ...shared, "203.0.113.1"]),
    make.setEntries("node2/host", "cali40all-hosts-net", () => ["192.168.6.142", ...shared, "203.0.113.2"]),
  );
  const toNode2 = flowTo("node1/host", "10.244.104.23", 8080);
  expect((await causes(make.made(world, own), toNode2)).join()).not.toContain("ipset-entry");
});

describe("sets put into the recorded flannel cluster, which has three nodes", () => {
  const POD = "10.42.0.3";
  const NODES = ["k1", "k2", "k3"];
  const toPod = flowTo("k1/host", POD, 8080);
  let healthy: World;
  beforeAll(async () => {
    healthy = (await recordedCluster("vxlan-healthy")).world;
  });

  /** Nodes that have the set have a rule too that drops what they forward by it. */
  function guarded(match: Match, sets: Readonly<Record<string, readonly string[]>>): World {
    return make.made(
      healthy,
      make.all(
        ...NODES.flatMap((node) => {
          const entries = sets[node];
          const rule = make.rule(`${node}/host`, "filter/FORWARD", [{ do: "DROP" }], [match]);
          return entries === undefined ? [] : [make.newSet(`${node}/host`, "guard", "hash:net", entries), rule];
        }),
      ),
    );
  }
  const allowed = (sets: Readonly<Record<string, readonly string[]>>) => guarded(asks("guard", "dst", true), sets);

  const lackedByK2 = make.all(
    ...NODES.map((node) => make.newSet(`${node}/host`, "guard", "hash:net", node === "k2" ? [] : ["10.42.0.0/16"])),
  );

  test("the only entry of an allow list, which both peers have", async () => {
    const world = allowed({ k1: ["10.42.0.0/16"], k2: [], k3: ["10.42.0.0/16"] });
    expect(await causes(world, toPod)).toEqual(["confirmed ipset-entry-missing k2 ipset guard entry 10.42.0.0/16"]);
  });

  test("what a set counts and notes beside an entry is no difference", async () => {
    const world = allowed({
      k1: ['10.42.0.0/16 timeout 0 packets 7 bytes 420 comment "a b"', "10.9.0.0/16 timeout 0"],
      k2: ["10.9.0.0/16 packets 1 bytes 60"],
      k3: ["10.42.0.0/16", "10.9.0.0/16"],
    });
    expect(await causes(world, toPod)).toEqual(["confirmed ipset-entry-missing k2 ipset guard entry 10.42.0.0/16"]);
  });

  test("an entry of a block list that no other node has, and a hole in an allow list", async () => {
    const all = ["198.51.100.0/24"];
    const block = guarded(asks("guard", "src"), { k1: all, k2: [...all, "10.42.2.0/24"], k3: all });
    expect(await causes(block, toPod)).toEqual(["confirmed ipset-entry-foreign k2 ipset guard entry 10.42.2.0/24"]);
    const pods = ["10.42.0.0/16"];
    const hole = guarded(asks("guard", "src", true), { k1: pods, k2: [...pods, "10.42.2.0/24 nomatch"], k3: pods });
    expect(await causes(hole, toPod)).toEqual([
      "confirmed ipset-entry-foreign k2 ipset guard entry 10.42.2.0/24 nomatch",
    ]);
  });

  test("an entry about this node's own pods may stand on it alone, and so may one beside others of its kind", async () => {
    const all = ["198.51.100.0/24"];
    const home = guarded(asks("guard", "dst"), { k1: all, k2: [...all, "10.42.0.0/24"], k3: all });
    expect((await causes(home, toPod)).join()).not.toContain("ipset-entry");
    const kind = { k1: [...all, "10.9.1.0/24"], k2: [...all, "10.42.2.0/24"], k3: [...all, "10.9.3.0/24"] };
    expect((await causes(guarded(asks("guard", "src"), kind), toPod)).join()).not.toContain("ipset-entry");
  });

  test.each([
    ["no peer has the set", { k2: ["10.9.0.0/16"] }],
    ["only one of two peers has the set", { k1: ["10.42.0.0/16", "10.9.0.0/16"], k2: ["10.9.0.0/16"] }],
    ["the peers disagree", { k1: ["10.42.0.0/16"], k2: [], k3: [] }],
    ["the peers say the same in other words", { k1: ["10.42.0.0/16"], k2: [], k3: ["10.42.0.0/24"] }],
    [
      "every node has other entries",
      { k1: ["10.42.0.0/16", "10.9.1.1"], k2: ["10.9.2.1"], k3: ["10.42.0.0/16", "10.9.3.1"] },
    ],
    ["the entry expires", { k1: ["10.42.0.0/16 timeout 30"], k2: [], k3: ["10.42.0.0/16 timeout 29"] }],
  ] as const)("nothing is said of the set where %s", async (_, sets) => {
    const world = allowed(sets);
    expect(walk(world, toPod).branches.map((b) => b.end)).toEqual(["NETFILTER_DROP"]);
    expect((await causes(world, toPod)).join()).not.toContain("ipset-entry");
  });

  test("a set of all the others: its own node's silence tells nothing", async () => {
    const source = "192.168.6.141";
    const outer: Match = { match: "dport", negate: false, ranges: [[8472, 8472]] };
    const drop = (node: string): make.Change =>
      make.rule(`${node}/host`, "filter/INPUT", [{ do: "DROP" }], [outer, asks("guard", "src", true)]);
    const sets = (of: Readonly<Record<string, readonly string[]>>): World =>
      make.made(
        healthy,
        make.all(
          ...NODES.flatMap((node) => [make.newSet(`${node}/host`, "guard", "hash:net", of[node] ?? []), drop(node)]),
        ),
      );
    const [k2, k3] = ["192.168.6.142", "192.168.6.143"];
    const whole = { k1: [k2, k3], k2: [source, k3], k3: [source, k2] };
    expect(search(sets(whole), toPod).found[0]?.edits).toEqual([]);
    expect(await causes(sets({ ...whole, k2: [k3] }), toPod)).toEqual([
      `confirmed ipset-entry-missing k2 ipset guard entry ${source}`,
    ]);
  });

  test("a policy's chain that exists on one node alone refuses what a set no longer lets it mark", async () => {
    const world = make.made(
      healthy,
      make.all(
        lackedByK2,
        podChain("k2/host", "POD-FW", [
          { matches: [asks("guard", "src")], target: { do: "MARK", value: 0x10000, mask: 0x10000 } },
          {
            matches: [{ match: "mark", negate: true, value: 0x10000, mask: 0x10000 }],
            target: { do: "REJECT", with: "icmp-port-unreachable" },
          },
        ]),
        make.rule("k2/host", "filter/FORWARD", [{ do: "jump", chain: "POD-FW" }]),
      ),
    );
    expect(walk(world, toPod).branches.map((b) => b.end)).toEqual(["NETFILTER_REJECT"]);
    expect(await causes(world, toPod)).toEqual(["confirmed ipset-entry-missing k2 ipset guard entry 10.42.0.0/16"]);
  });

  test("a rule that no peer has is no less a departure than the set that it asks: neither is sure", async () => {
    const rule = make.rule("k2/host", "filter/FORWARD", [{ do: "DROP" }], [asks("guard", "src", true)]);
    expect(await causes(make.made(healthy, make.all(lackedByK2, rule)), toPod)).toEqual([
      "likely forward-drop k2 rule iptables-nft:filter/FORWARD#1",
    ]);
  });

  test("a question is about one set of one namespace", () => {
    const world = allowed({ k1: ["10.42.0.0/16"], k2: [], k3: ["10.42.0.0/16"] });
    const [edit] = search(world, toPod).found[0]?.edits ?? [];
    const reads = walk(world, toPod).branches[0]?.reads.filter((read) => edit !== undefined && touches(edit, read));
    expect(reads?.map((read) => (read.of === "set" ? `${read.netns} ${read.name}` : read.of))).toEqual([
      "k2/host guard",
    ]);
  });
});
