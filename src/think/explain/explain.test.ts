import { beforeAll, describe, expect, test } from "vitest";
import * as make from "../../../test/explain/faults.ts";
import * as made from "../../../test/explain/objects.ts";
import { recordedCluster } from "../../../test/explain/recorded-cluster.ts";
import {
  causesOf,
  EVERYWHERE,
  flowTo,
  NOWHERE,
  reckonOf,
  told,
  triedIn,
  type Watch,
} from "../../../test/explain/what-happens.ts";
import type { Cluster } from "../../facts/cluster.ts";
import { ip, prefix } from "../../facts/ip.ts";
import { known, unknown } from "../../facts/provenance.ts";
import type { Match } from "../../facts/ruleset.ts";
import { linksOf, type World } from "../../facts/world.ts";
import { policySpec } from "../../read/kube/network-policy.ts";
import type { Flow } from "../walk/branch.ts";
import { replaceChain } from "../walk/edits/chains.ts";
import type { Edit } from "../walk/edits/edit.ts";
import { applyEdits, describeEdit } from "../walk/edits/edit-kinds.ts";
import { replaceTable } from "../walk/edits/replace-table.ts";
import { walk } from "../walk/walk.ts";
import { type Correction, type Evidence, explain, type NamedCause } from "./explain.ts";
import { denialAt, isUndeclared } from "./meant-denial.ts";
import type { SilentNode } from "./silent.ts";
import { type Suspect, suspectsOf, type Tried } from "./suspect.ts";

const POD = "k2/pod:default/frontend-764dfd4598-gnkwp";
const DROP = [{ do: "DROP" }] as const;
const TO_POD = flowTo("k1/host", "10.42.0.3", 8080);
const TO_SERVICE = flowTo("k1/pod:default/frontend-764dfd4598-hxw42", "10.43.238.112", 80);
const FORWARDING_OFF = make.sysctl("k2/host", "net.ipv4.ip_forward", "0");

const IGNORE_ECHO = "net.ipv4.icmp_echo_ignore_all";

let healthy: World;
beforeAll(async () => {
  healthy = (await recordedCluster("vxlan-healthy")).world;
});

/** As it is read and as it is. */
async function said(change: make.Change, flow: Flow = TO_POD, watch: Watch = EVERYWHERE): Promise<readonly string[]> {
  const world = make.made(healthy, change);
  return (await causesOf(world, triedIn(world, world, flow, watch))).map(told);
}

/** All tries of a flow as one says. */
function tried(world: World, flow: Flow, change: (one: Tried["tries"][number]) => Tried["tries"][number]): Tried {
  const as = triedIn(world, world, flow);
  return { ...as, tries: as.tries.map(change) };
}

function only(suspects: readonly Suspect[]): Suspect {
  const [first, ...more] = suspects;
  if (first === undefined || more.length > 0) throw new Error(`${suspects.length} suspects`);
  return first;
}

/** Without its suspects, which hold whole worlds: what a failing test prints. */
function plain(cause: NamedCause | undefined): unknown {
  return cause === undefined ? undefined : { ...cause, suspects: cause.suspects.length };
}

function evidence(world: World, corrections: readonly Correction[], parts: Partial<Evidence> = {}): Evidence {
  return {
    world,
    corrections: () => corrections,
    isComplete: () => true,
    describe: (edit) => describeEdit(world, edit),
    servedAt: () => null,
    isEndpoint: () => false,
    permission: () => ({ allowed: true, by: [], direction: "ingress" }),
    wrongTargetPort: () => null,
    kernelDissents: () => false,
    countersRest: () => false,
    sizes: () => null,
    silentAt: () => null,
    ownerOf: () => null,
    holdersOf: () => [],
    ...parts,
  };
}

function cure(world: World, flow: Flow, ...edits: readonly Edit[]): Correction {
  return { edits, isCure: true, healed: walk(world, flow).branches[0] ?? null };
}

const forward: Edit = { do: "set-sysctl", netns: "k2/host", key: "net.ipv4.ip_forward", value: "1" };

describe("confirmed", () => {
  test("the loss is witnessed where it is foretold, and one cure is the cheapest", async () => {
    expect(await said(FORWARDING_OFF)).toEqual(["confirmed ip-forward-off k2 net.ipv4.ip_forward"]);
  });

  test("through a Service the branch that is lost names it, and the others do not", async () => {
    expect(await said(FORWARDING_OFF, TO_SERVICE)).toEqual(["confirmed ip-forward-off k2 net.ipv4.ip_forward"]);
  });

  test("a strict filter drops, and the way back that leads elsewhere is the cause", async () => {
    const elsewhere = { via: ip("192.168.6.143"), dev: "eth0", weight: 1, flags: [], encap: null };
    const strict = make.all(
      make.sysctl("k2/host", "net.ipv4.conf.all.rp_filter", "1"),
      make.noRoute("k2/host", "10.42.2.0/24"),
      make.route("k2/host", "10.42.2.0/24", { nexthops: [elsewhere] }),
    );
    expect(await said(strict)).toEqual(["confirmed wrong-route k2 route 10.42.2.0/24 table main"]);
  });

  test("a route of one node alone leads the way back to a router that was not collected: that route, not the network", async () => {
    const router = { via: ip("192.168.6.1"), dev: "eth0", weight: 1, flags: [], encap: null };
    const astray = make.all(
      make.noRoute("k2/host", "10.42.2.0/24"),
      make.route("k2/host", "10.42.2.0/24", { nexthops: [router] }),
    );
    expect(await said(astray)).toEqual(["confirmed wrong-route k2 route 10.42.2.0/24 table main"]);
  });

  test("a bridge of a foreign runtime whose network overlaps another node's pods takes their packets", async () => {
    const docker0: make.Change = (world) =>
      replaceTable(world, "k1/host", "links", (links) => {
        const cni0 = links.find((l) => l.name === "cni0");
        if (cni0 === undefined) throw new Error("k1 has no cni0");
        const address = {
          ip: ip("10.42.0.14"),
          prefix: prefix("10.42.0.0/28"),
          scope: "global",
          secondary: false,
        } as const;
        return [
          ...links,
          {
            ...cni0,
            name: "docker0",
            index: 999,
            mac: "02:42:00:00:00:01",
            addresses: [{ ...address, because: cni0.because }],
          },
        ];
      });
    const overlaps = make.all(
      docker0,
      make.route("k1/host", "10.42.0.0/28", {
        protocol: "kernel",
        scope: "link",
        src: ip("10.42.0.14"),
        nexthops: [{ via: null, dev: "docker0", weight: 1, flags: [], encap: null }],
      }),
    );
    expect(await said(overlaps)).toEqual(["confirmed wrong-route k1 route 10.42.0.0/28 table main"]);
  });

  test("a tunnel that was made anew is known by its old MAC address, to the neighbours and to the FDB", async () => {
    const [mac, old] = ["9a:47:6c:cd:67:4a", "02:00:00:00:00:99"];
    const rename: make.Change = (world) =>
      replaceTable(
        replaceTable(world, "k1/host", "fdb", (rows) => rows.map((r) => (r.mac === mac ? { ...r, mac: old } : r))),
        "k1/host",
        "neighbours",
        (rows) => rows.map((r) => (r.mac === mac ? { ...r, mac: old } : r)),
      );
    const world = make.made(healthy, rename);
    const [first, ...more] = await causesOf(world, triedIn(world, world, TO_POD));
    expect(more).toEqual([]);
    expect(first === undefined ? null : told(first)).toBe(
      "confirmed vxlan-vtep-mac-mismatch k1 neigh 10.42.0.0 dev flannel.1",
    );
    expect(first?.edits.map((edit) => edit.do)).toEqual(["set-neighbour", "set-fdb"]);
    expect(first?.proven).toBe(true);
  });

  test("not with another cure that costs as little", () => {
    const world = FORWARDING_OFF(healthy);
    const other: Edit = { do: "set-link-up", netns: "k2/host", link: "cni0" };
    const suspects = suspectsOf(triedIn(world, world, TO_POD));
    const ties = [cure(healthy, TO_POD, forward), cure(healthy, TO_POD, other)];
    expect(explain(suspects, evidence(world, ties)).map(told)).toEqual([
      "likely ip-forward-off k2 net.ipv4.ip_forward",
    ]);
    // A bypass is no rival: it reverts nothing.
    const bypass = { ...cure(healthy, TO_POD, other), isCure: false };
    const causes = explain(suspects, evidence(world, [bypass, cure(healthy, TO_POD, forward)]));
    expect(causes.map(told)).toEqual(["confirmed ip-forward-off k2 net.ipv4.ip_forward"]);
  });

  test("not when the search stopped before it had tried them all", () => {
    const world = FORWARDING_OFF(healthy);
    const suspects = suspectsOf(triedIn(world, world, TO_POD));
    const stopped = evidence(world, [cure(healthy, TO_POD, forward)], { isComplete: () => false });
    expect(explain(suspects, stopped).map((c) => c.confidence)).toEqual(["likely"]);
  });

  test("not against a kernel's word; and with that alone against the walk nothing is likely", () => {
    const world = FORWARDING_OFF(healthy);
    const against = evidence(world, [cure(healthy, TO_POD, forward)], { kernelDissents: () => true });
    const confidences = (watch: Watch) =>
      explain(suspectsOf(triedIn(world, world, TO_POD, watch)), against).map((c) => c.confidence);
    expect(confidences(EVERYWHERE)).toEqual(["likely"]);
    expect(confidences(NOWHERE)).toEqual(["suspected"]);
  });

  test("not when the kernel counted packets there and none of that loss: something came before it", async () => {
    const world = FORWARDING_OFF(healthy);
    const lost = triedIn(world, world, TO_POD);
    const rose = (netns: string, ...names: readonly string[]) =>
      new Map([[netns, names.map((name) => ({ name, delta: 3 }))]]);
    const confidence = async (moved: Parameters<typeof reckonOf>[3]) =>
      (await reckonOf(world, [lost], [], moved)).causes.map((c) => c.confidence);
    expect(await confidence(rose("k2/host", "IpInReceives", "IpInAddrErrors"))).toEqual(["confirmed"]);
    expect(await confidence(rose("k2/host", "IpInReceives"))).toEqual(["suspected"]);
    // Counters that were not read, or of another node, say nothing.
    expect(await confidence(new Map())).toEqual(["confirmed"]);
    expect(await confidence(rose("k2/host"))).toEqual(["confirmed"]);
    expect(await confidence(rose("k1/host", "IpInReceives"))).toEqual(["confirmed"]);
    // A loss that no counter tells of.
    const dropped = make.rule("k2/host", "filter/FORWARD", DROP)(healthy);
    const { causes } = await reckonOf(
      dropped,
      [triedIn(dropped, dropped, TO_POD)],
      [],
      rose("k2/host", "IpInReceives"),
    );
    expect(causes.map((c) => c.confidence)).toEqual(["confirmed"]);
  });

  test("not when the tap behind the last hop lost packets: its silence proves nothing", async () => {
    const deaf = { ...EVERYWHERE, trusted: (id: string) => id !== "k2/host" };
    expect(await said(FORWARDING_OFF, TO_POD, deaf)).toEqual(["likely ip-forward-off k2 net.ipv4.ip_forward"]);
    // What comes after the wire is another namespace's to say.
    const noFdb = make.noFdbTo("k1/host", "192.168.6.142");
    expect(await said(noFdb, TO_POD, deaf)).toEqual([expect.stringMatching(/^confirmed vxlan-fdb-missing k1/)]);
    const wrong = make.wrongNeighbour("k1/host", "192.168.6.142");
    expect(await said(wrong, TO_POD)).toEqual([expect.stringMatching(/^confirmed stale-arp k1/)]);
    expect(await said(wrong, TO_POD, deaf)).toEqual([expect.stringMatching(/^likely stale-arp k1/)]);
  });

  test("not when somebody refuses what is foretold to vanish", async () => {
    const world = FORWARDING_OFF(healthy);
    const refused = tried(world, TO_POD, (one) => ({ ...one, outcome: "refused" }));
    expect((await causesOf(world, refused)).map(told)).toEqual([]);
    const [first, ...rest] = refused.tries;
    const mixed = {
      ...refused,
      tries: [first as Tried["tries"][number], ...rest.map((t) => ({ ...t, outcome: "timeout" }))],
    };
    expect((await causesOf(world, mixed)).map(told)).toEqual(["likely ip-forward-off k2 net.ipv4.ip_forward"]);
  });

  test("a REJECT may refuse", async () => {
    const rejects = make.rule("k2/host", "filter/FORWARD", [{ do: "REJECT", with: "icmp-port-unreachable" }]);
    expect(await said(rejects)).toEqual(["confirmed forward-reject k2 rule iptables-nft:filter/FORWARD#1"]);
  });

  test("not when a reply was seen where the request is foretold to be lost", async () => {
    const world = FORWARDING_OFF(healthy);
    const answered = tried(world, TO_POD, (one) => {
      const reply = { netns: POD, link: "eth0", direction: "out", leg: "reply", header: "inner" } as const;
      return one.trail === null ? one : { ...one, trail: { ...one.trail, points: [...one.trail.points, reply] } };
    });
    expect((await causesOf(world, answered)).map(told)).toEqual([]);
  });
});

describe("likely", () => {
  test("offline the walk alone speaks", async () => {
    expect(await said(FORWARDING_OFF, TO_POD, { ...NOWHERE, attempts: 0 })).toEqual([
      "likely ip-forward-off k2 net.ipv4.ip_forward",
    ]);
  });

  test("tries that fail, and no tap", async () => {
    expect(await said(FORWARDING_OFF, TO_POD, NOWHERE)).toEqual(["likely ip-forward-off k2 net.ipv4.ip_forward"]);
  });
});

describe("suspected", () => {
  test("a branch that is foretold to be lost, and that none of the tries took", async () => {
    const world = FORWARDING_OFF(healthy);
    const whole = triedIn(world, world, TO_SERVICE, { ...EVERYWHERE, attempts: 6 });
    const lucky = { ...whole, tries: whole.tries.filter((t) => t.answered) };
    expect(lucky.tries.length).toBeGreaterThan(0);
    expect((await causesOf(world, lucky)).map(told)).toEqual(["suspected ip-forward-off k2 net.ipv4.ip_forward"]);
    expect((await causesOf(world, { ...whole, tries: [] })).map((c) => c.confidence)).toEqual(["likely"]);
  });

  test("but a direct probe that took it may confirm it for the Service", async () => {
    const world = FORWARDING_OFF(healthy);
    const whole = triedIn(world, world, TO_SERVICE, { ...EVERYWHERE, attempts: 6 });
    const lucky = { ...whole, tries: whole.tries.filter((t) => t.answered) };
    const direct = triedIn(world, world, TO_POD);
    const { causes } = await reckonOf(world, [lucky], [direct]);
    expect(causes.map(told)).toEqual(["confirmed ip-forward-off k2 net.ipv4.ip_forward"]);
    // What only the probes meet is no cause of the symptom.
    expect(
      (await reckonOf(world, [triedIn(world, world, flowTo("k1/host", "10.42.1.2", 8080))], [direct])).causes,
    ).toEqual([]);
  });

  test("tries that got through by the very branch that is foretold to be lost", async () => {
    const world = FORWARDING_OFF(healthy);
    const lost = triedIn(world, world, TO_POD);
    const through = triedIn(world, healthy, TO_POD);
    const both = { ...lost, tries: [...lost.tries, ...through.tries.slice(0, 1)] };
    expect((await causesOf(world, both)).map(told)).toEqual(["suspected ip-forward-off k2 net.ipv4.ip_forward"]);
  });
});

test("a rule that takes packets only now and then stops none of those that came past it", async () => {
  const recent: Match = { match: "unknown", negate: false, module: "recent", text: "-m recent --rcheck --name x" };
  const drop = make.nftDrop(POD, "INPUT");
  const read = make.made(healthy, make.all(make.rule("k2/host", "filter/FORWARD", DROP, [recent]), drop));
  const causes = await causesOf(read, triedIn(read, make.made(healthy, drop), TO_POD));
  expect(causes.filter((cause) => cause.confidence !== "suspected").map(told)).toEqual([
    "confirmed pod-iptables-drop k2 rule nft:guard/stop#1",
  ]);
  const twice = make.all(make.rule("k2/host", "filter/FORWARD", DROP), drop);
  const series = make.made(healthy, make.all(twice, make.rule("k1/host", "filter/OUTPUT", DROP, [recent])));
  const both = await causesOf(series, triedIn(series, make.made(healthy, twice), TO_POD));
  expect(both.filter((cause) => cause.confidence !== "suspected").map(told)).toEqual([
    "confirmed forward-drop k2 rule iptables-nft:filter/FORWARD#1",
    "likely pod-iptables-drop k2 rule nft:guard/stop#1",
  ]);
  const undialled = make.rule("k1/host", "nat/PREROUTING", DROP);
  const before = make.made(healthy, make.all(make.rule("k2/host", "filter/FORWARD", DROP, [recent]), undialled));
  const others = await causesOf(before, triedIn(before, make.made(healthy, undialled), TO_SERVICE));
  expect(others.filter((cause) => cause.confidence !== "suspected").map(told)).toEqual([
    "confirmed rule-drops k1 rule iptables-nft:nat/PREROUTING#1",
  ]);
});

test("where chance decides on the way back, an answer now and then is no dissent", async () => {
  const half = make.rule("k2/host", "filter/FORWARD", DROP, [
    { match: "source", negate: false, prefixes: [prefix("10.42.0.3/32")] },
    { match: "statistic", negate: false, mode: "random", probability: 0.5 },
  ]);
  const world = make.made(healthy, half);
  const [lost] = triedIn(world, world, TO_POD).walk.branches;
  expect(lost?.reply.map((r) => r.end).sort()).toEqual(["DELIVERED", "NETFILTER_DROP"]);
  const answered = triedIn(healthy, healthy, TO_POD).tries.slice(0, 1);
  const failing = triedIn(world, world, TO_POD);
  const causes = await causesOf(world, { ...failing, tries: [...failing.tries, ...answered] });
  expect(causes.map(told)).toEqual(["confirmed forward-drop k2 rule iptables-nft:filter/FORWARD#1"]);
});

describe("a packet that leaves for a router that was not collected", () => {
  const away = make.noRoute("k3/host", "10.42.2.0/24");
  const toK3 = flowTo("k1/host", "10.42.1.2", 8080);

  test("may come back: only that it was seen to leave and never again makes the missing route a cause", async () => {
    expect(await said(away, toK3)).toEqual(["confirmed no-route-to-pod-cidr k3 route 10.42.2.0/24 table main"]);
    expect(await said(away, toK3, NOWHERE)).toEqual([
      "suspected no-route-to-pod-cidr k3 route 10.42.2.0/24 table main",
    ]);
  });

  test("and where it came back the missing route is none", async () => {
    const world = away(healthy);
    const cameBack = tried(world, toK3, (one) => {
      const back = { netns: "k1/host", link: "eth0", direction: "in", leg: "reply", header: "inner" } as const;
      return one.trail === null ? one : { ...one, trail: { ...one.trail, points: [...one.trail.points, back] } };
    });
    expect((await causesOf(world, cameBack)).map(told)).toEqual([]);
  });
});

describe("no cause", () => {
  test("when only a bypass delivers", () => {
    const world = FORWARDING_OFF(healthy);
    const suspects = suspectsOf(triedIn(world, world, TO_POD));
    const bypass = { ...cure(healthy, TO_POD, forward), isCure: false };
    expect(explain(suspects, evidence(world, [bypass])).map(told)).toEqual([]);
    expect(explain(suspects, evidence(world, [])).map(told)).toEqual([]);
  });

  test("when the packets die elsewhere than foretold", async () => {
    const read = FORWARDING_OFF(healthy);
    const real = make.rule("k1/host", "mangle/OUTPUT", DROP)(read);
    expect((await causesOf(read, triedIn(read, real, TO_POD))).map(told)).toEqual([]);
  });
});

describe("what a walk could not judge", () => {
  const odd = { match: "unknown", negate: false, module: "bpf", text: "-m bpf --bytecode …" } as const;

  test("is likely the cause where packets die just there, and none where they went on", async () => {
    const read = make.made(healthy, make.rule("k2/host", "filter/FORWARD", DROP, [odd]));
    expect(walk(read, TO_POD).branches.map((b) => b.end)).toEqual(["UNKNOWN"]);
    const stopped = make.rule("k2/host", "filter/FORWARD", DROP)(healthy);
    const causes = await causesOf(read, triedIn(read, stopped, TO_POD));
    expect(causes.map(told)).toEqual(["likely forward-drop k2 rule iptables-nft:filter/FORWARD#1"]);
    const later = make.nftDrop(POD, "INPUT")(healthy);
    expect((await causesOf(read, triedIn(read, later, TO_POD))).map(told)).toEqual([]);
    expect((await causesOf(read, triedIn(read, stopped, TO_POD, NOWHERE))).map((c) => c.confidence)).toEqual([
      "suspected",
    ]);
  });

  test("a way around what was not read is no cause", async () => {
    const netns = new Map(healthy.netns);
    const k2 = netns.get("k2/host");
    if (k2 === undefined) throw new Error("no k2");
    netns.set("k2/host", { ...k2, sysctls: unknown("not permitted") });
    const read = { ...healthy, netns };
    for (const watch of [EVERYWHERE, NOWHERE]) {
      const causes = await causesOf(read, triedIn(read, FORWARDING_OFF(healthy), TO_POD, watch));
      expect(causes.filter((c) => c.confidence !== "suspected").map(told)).toEqual([]);
    }
    // Even were there a cheap one, seen to die at that place.
    const suspect = only(suspectsOf(triedIn(read, FORWARDING_OFF(healthy), TO_POD)));
    expect([suspect.witness, suspect.predicted?.at.end]).toEqual(["agree", "UNKNOWN"]);
    const around: Edit = { do: "set-link-up", netns: "k2/host", link: "cni0" };
    expect(explain([suspect], evidence(read, [cure(healthy, TO_POD, around)])).map(told)).toEqual([
      "suspected link-down k2 link cni0",
    ]);
  });
});

describe("in series", () => {
  test("the first on the path has the confidence, the next is likely, each by its own name", async () => {
    const blocked = make.rule("k2/host", "filter/INPUT", DROP, [
      { match: "dport", negate: false, ranges: [[8472, 8472]] },
    ]);
    const both = make.all(blocked, make.rule("k2/host", "filter/FORWARD", DROP, [], 100_001));
    expect(await said(both)).toEqual([
      "confirmed vxlan-udp-blocked k2 rule iptables-nft:filter/INPUT#1",
      "likely forward-drop k2 rule iptables-nft:filter/FORWARD#1",
    ]);
    expect(await said(both, TO_POD, { ...NOWHERE, attempts: 0 })).toEqual([
      "likely vxlan-udp-blocked k2 rule iptables-nft:filter/INPUT#1",
      "likely forward-drop k2 rule iptables-nft:filter/FORWARD#1",
    ]);
  });

  test("what is met first comes first, though what is behind it stops more from elsewhere", async () => {
    const world = make.all(make.noFdbTo("k1/host", "192.168.6.142"), make.linkDown(POD, "eth0"))(healthy);
    const atHome = flowTo("k2/host", "10.42.0.3", 8080);
    const causes = await causesOf(
      world,
      triedIn(world, world, TO_POD, { ...EVERYWHERE, attempts: 6 }),
      triedIn(world, world, atHome),
    );
    expect(causes.map((c) => `${c.confidence} ${c.id}`)).toEqual([
      "confirmed vxlan-fdb-missing",
      "confirmed pod-link-down",
    ]);
  });

  test("what is proven is that all of them together deliver", async () => {
    const world = make.all(make.noFdbTo("k1/host", "192.168.6.142"), FORWARDING_OFF)(healthy);
    const causes = await causesOf(world, triedIn(world, world, TO_POD));
    expect(causes.map((c) => [c.id, c.proven])).toEqual([
      ["vxlan-fdb-missing", false],
      ["ip-forward-off", false],
    ]);
  });

  test("of a set whose order is not the packet's, what moves it on comes first", () => {
    const world = make.all(make.noFdbTo("k1/host", "192.168.6.142"), FORWARDING_OFF)(healthy);
    const suspect = only(suspectsOf(triedIn(world, world, TO_POD)));
    const entry = healthy.netns.get("k1/host")?.fdb;
    const row = entry?.known ? entry.value.find((r) => r.dst?.text === "192.168.6.142") : undefined;
    if (row === undefined) throw new Error("no such FDB entry");
    const set: Edit = { do: "set-fdb", netns: "k1/host", entry: row };
    const causes = explain([suspect], evidence(world, [cure(healthy, TO_POD, forward, set)]));
    expect(causes.map((c) => c.id)).toEqual(["vxlan-fdb-missing", "ip-forward-off"]);
  });

  test("settings that help only together are one cause", () => {
    const strict = make.all(
      make.sysctl("k2/host", "net.ipv4.conf.all.rp_filter", "1"),
      make.sysctl("k2/host", "net.ipv4.conf.flannel/1.rp_filter", "1"),
    );
    const world = make.all(strict, make.noRoute("k2/host", "10.42.2.0/24"))(healthy);
    const edits: readonly Edit[] = ["all", "flannel/1"].map((name) => ({
      do: "set-sysctl",
      netns: "k2/host",
      key: `net.ipv4.conf.${name}.rp_filter`,
      value: "0",
    }));
    const suspect = only(suspectsOf(triedIn(world, world, TO_POD)));
    expect(suspect.predicted?.at.end).toBe("RP_FILTER");
    const [one, ...more] = explain([suspect], evidence(world, [cure(healthy, TO_POD, ...edits)]));
    expect(more.length).toBe(0);
    expect(plain(one)).toMatchObject({
      id: "rp-filter-strict",
      object: "net.ipv4.conf.all.rp_filter",
      edits,
      proven: true,
    });
  });

  test("a link and the routes that went with it are one cause", async () => {
    const down = make.all(
      make.linkDown("k2/host", "flannel.1"),
      make.noRoute("k2/host", "10.42.2.0/24"),
      make.noRoute("k2/host", "10.42.1.0/24"),
    );
    const [first, ...more] = await said(down);
    expect(first).toBe("confirmed link-down k2 link flannel.1");
    expect(more.length).toBe(0);
  });
});

test("of a chain that was emptied the one rule is missing that its peers have and that helps", async () => {
  const place = { backend: "iptables-nft", family: "ip", table: "nat", chain: "KUBE-SVC-UHJVR435UML62OOS" } as const;
  const emptied = (world: World) => replaceChain(world, "k1/host", place, (chain) => ({ ...chain, rules: [] }));
  const [first, ...more] = await said(emptied, { ...TO_SERVICE, toService: "cluster-ip" });
  expect(first).toMatch(/^confirmed rule-missing k1 rule iptables-nft:nat\/KUBE-SVC-UHJVR435UML62OOS#1$/);
  expect(more).toEqual([]);
});

describe("a closed port", () => {
  const closed = make.portClosed(POD);

  test("is confirmed by the refusal", async () => {
    const [one] = await causesOf(closed(healthy), triedIn(closed(healthy), closed(healthy), TO_POD));
    expect(plain(one)).toMatchObject({
      id: "port-closed",
      confidence: "confirmed",
      node: "k2",
      object: "socket tcp 8080",
      edits: [],
      params: { port: "8080", pod: "default/frontend-764dfd4598-gnkwp" },
    });
  });

  test("is not even likely when nobody was refused: then something else is silent there", async () => {
    const world = closed(healthy);
    const silent = tried(world, TO_POD, (one) => ({ ...one, outcome: "timeout" }));
    expect((await causesOf(world, silent)).map(told)).toEqual(["suspected port-closed k2 socket tcp 8080"]);
  });

  test("is likely without tries, and when nothing listens to them", async () => {
    expect(await said(closed, TO_POD, { ...NOWHERE, attempts: 0 })).toEqual(["likely port-closed k2 socket tcp 8080"]);
    expect(await said(closed, TO_POD, NOWHERE)).toEqual(["likely port-closed k2 socket tcp 8080"]);
  });

  test("is not even likely where the address is another pod's: then two have it, and the wrong one was met", async () => {
    const world = closed(healthy);
    const met = triedIn(world, world, TO_POD);
    const heldBy = (name: string) => made.clusterOf({ pods: [made.pod(name, "10.42.0.3", { node: "k2" })] });
    const saying = async (name: string) => (await reckonOf(world, [met], [], new Map(), heldBy(name))).causes.map(told);
    expect(await saying("frontend-764dfd4598-gnkwp")).toEqual(["confirmed port-closed k2 socket tcp 8080"]);
    expect(await saying("another")).toEqual(["suspected port-closed k2 socket tcp 8080"]);
  });

  test("is not even likely where a Service's port came through as it was: a rule is missing, no server", async () => {
    const plain = flowTo("k2/host", "192.168.6.141", 30_999);
    const asked = async (flow: Flow) => (await causesOf(healthy, triedIn(healthy, healthy, flow))).map(told);
    expect(await asked(plain)).toEqual(["confirmed port-closed k1 socket tcp 30999"]);
    expect(await asked({ ...plain, toService: "node-port" })).toEqual(["suspected port-closed k1 socket tcp 30999"]);
  });

  test("is no cause where a rule sent the packet to it", async () => {
    const to = ip("10.42.0.3").value;
    const wrong = make.rule(
      "k1/host",
      "nat/OUTPUT",
      [{ do: "DNAT", range: { low: to, high: to, ports: [8081, 8081], random: false } }],
      [{ match: "protocol", negate: false, protocols: [6] }],
    );
    expect(await said(wrong, flowTo("k1/host", "10.42.0.3", 8080))).toEqual([
      "confirmed rule-drops k1 rule iptables-nft:nat/OUTPUT#1",
    ]);
  });

  test("is no cause of an echo that the kernel was told to ignore", async () => {
    const ignore: make.Change = (world) =>
      replaceTable(world, "k2/host", "sysctls", (rows) => {
        const [like] = rows;
        if (like === undefined) throw new Error("no sysctl was read");
        return [...rows.filter((r) => r.key !== IGNORE_ECHO), { ...like, key: IGNORE_ECHO, value: "1" }];
      });
    const echo = flowTo("k1/host", "192.168.6.142", 0, { protocol: "icmp", bytes: 84 });
    const world = make.made(healthy, ignore);
    expect(walk(world, echo).branches.map((b) => b.end)).toEqual(["PORT_CLOSED"]);
    const causes = explain(suspectsOf(triedIn(world, world, echo)), evidence(world, []));
    expect(causes.map(told)).toEqual([]);
  });
});

describe("a server that listens for other addresses", () => {
  test("is found, and no address that was asked for", async () => {
    const onLoopback: make.Change = (world) =>
      replaceTable(world, POD, "sockets", (rows) =>
        rows.map((s) => (s.state === "LISTEN" ? { ...s, local: ip("127.0.0.1"), families: [4] } : s)),
      );
    const world = make.made(healthy, onLoopback);
    const refused = tried(world, TO_POD, (one) => ({ ...one, outcome: "refused" }));
    const [cause, ...others] = await causesOf(world, refused);
    expect(others).toEqual([]);
    expect(plain(cause)).toMatchObject({ id: "port-closed", confidence: "confirmed", found: "LISTEN 127.0.0.1:8080" });
  });
});

describe("a node port that no node translates", () => {
  const place = { backend: "iptables-nft", family: "ip", table: "nat", chain: "KUBE-NODEPORTS" } as const;
  const untranslated: make.Change = (world) =>
    ["k1", "k2", "k3"].reduce((w, n) => replaceChain(w, `${n}/host`, place, (c) => ({ ...c, rules: [] })), world);
  const toPort = flowTo("k3/host", "192.168.6.141", 30007);

  test("is no port that somebody ought to listen on", async () => {
    const { cluster } = await recordedCluster("vxlan-healthy");
    const world = make.made(healthy, make.all(untranslated, make.portClosed("k1/host")));
    expect(walk(world, toPort).branches.map((b) => b.end)).toEqual(["PORT_CLOSED"]);
    const refused = tried(world, toPort, (one) => ({ ...one, outcome: "refused" }));
    const { causes } = await reckonOf(world, [refused], [], new Map(), cluster);
    expect(causes.map(told)).toEqual(["likely svc-not-translated k1 service 192.168.6.141:30007"]);
    const pod = [...world.netns.keys()].find((id) => id.startsWith("k3/pod:")) ?? "";
    const fromPod = triedIn(world, world, { ...toPort, from: pod });
    const { causes: past } = await reckonOf(world, [fromPod], [], new Map(), cluster);
    expect(past.map(told)).toEqual(["likely svc-not-translated k1 service 192.168.6.141:30007"]);
    const ofNobody = { ...cluster, services: [] };
    const { causes: bare } = await reckonOf(world, [refused], [], new Map(), ofNobody);
    expect(bare.map(told)).toEqual(["confirmed port-closed k1 socket tcp 30007"]);
  });
});

describe("the fabric", () => {
  /** Sent by k1, never received by k2. */
  const lostOnTheWire = (world: World, watch: Watch = EVERYWHERE): Tried =>
    triedIn(world, make.wrongNeighbour("k1/host", "192.168.6.142")(world), TO_POD, watch);

  test("is likely the cause when both taps are proven alive", async () => {
    const [one, ...more] = await causesOf(healthy, lostOnTheWire(healthy));
    expect(more.length).toBe(0);
    expect(plain(one)).toMatchObject({
      id: "fabric-drop",
      confidence: "likely",
      node: null,
      object: "segment k1:eth0 k2:eth0",
      params: { from: "k1", to: "k2" },
    });
  });

  test("also where something further on is wrong", async () => {
    const world = FORWARDING_OFF(healthy);
    expect((await causesOf(world, lostOnTheWire(world))).map((c) => c.id)).toEqual(["fabric-drop"]);
  });

  test("is none when the far tap lost packets", async () => {
    const deaf = { ...EVERYWHERE, trusted: (id: string) => id !== "k2/host" };
    expect((await causesOf(healthy, lostOnTheWire(healthy, deaf))).map(told)).toEqual([]);
  });

  test("is none where an XDP program may have taken it, on the link or below it", async () => {
    const xdp = make.link("k2/host", "eth0", (l) => ({ ...l, xdp: true }))(healthy);
    expect((await causesOf(xdp, lostOnTheWire(xdp))).map(told)).toEqual([]);
    const slave = make.link("k2/host", "cni0", (l) => ({ ...l, xdp: true, master: "eth0" }))(healthy);
    expect((await causesOf(slave, lostOnTheWire(slave))).map(told)).toEqual([]);
  });

  test("is none when the packet was seen somewhere else", async () => {
    const lost = lostOnTheWire(healthy);
    const astray = { netns: "k3/host", link: "eth0", direction: "in", leg: "request", header: "outer" } as const;
    const elsewhere = {
      ...lost,
      tries: lost.tries.map((t) =>
        t.trail === null ? t : { ...t, trail: { ...t.trail, points: [...t.trail.points, astray] } },
      ),
    };
    expect((await causesOf(healthy, elsewhere)).map(told)).toEqual([]);
  });

  test("is a small MTU where echoes up to one length pass and longer ones do not", () => {
    const sizes = { passed: 1109, lost: 1279 };
    const [one] = explain(suspectsOf(lostOnTheWire(healthy)), evidence(healthy, [], { sizes: () => sizes }));
    expect(plain(one)).toMatchObject({
      id: "mtu-black-hole",
      confidence: "likely",
      node: null,
      object: "segment k1:eth0 k2:eth0",
      params: { from: "k1", to: "k2", passed: "1109", lost: "1279" },
      edits: [],
    });
  });

  test("is none inside of a node", async () => {
    const real = make.linkDown(POD, "eth0")(healthy);
    const suspect = only(suspectsOf(triedIn(healthy, real, TO_POD)));
    expect(suspect.lastHop).toMatchObject({ netns: "k2/host", link: "veth88cf15e1", direction: "out" });
    expect((await causesOf(healthy, triedIn(healthy, real, TO_POD))).map(told)).toEqual([]);
  });
});

describe("a node that has gone silent", () => {
  const silent: SilentNode = {
    node: "k2",
    ips: [ip("192.168.6.142")],
    ready: true,
    neighbour: { node: "k1", line: "192.168.6.142 dev eth0 FAILED" },
    askers: ["k1", "k3"],
  };
  const causeWith = (change: Partial<SilentNode>, real = FORWARDING_OFF(healthy)): readonly string[] =>
    explain(
      suspectsOf(triedIn(healthy, real, TO_POD)),
      evidence(healthy, [], { silentAt: () => ({ ...silent, ...change }) }),
    ).map(told);

  test("is likely down: nobody answers for its address, or its kubelet is not heard of", () => {
    expect(causeWith({})).toEqual(["likely node-down k2 node k2"]);
    expect(causeWith({ neighbour: null, ready: false })).toEqual(["likely node-down k2 node k2"]);
  });

  test("is only suspected where ping and one port alone are silent, which a filter may be the reason of", () => {
    expect(causeWith({ neighbour: null })).toEqual(["suspected node-down k2 node k2"]);
  });

  test("is no cause of tries that were answered", () => {
    expect(causeWith({}, healthy)).toEqual([]);
  });
});

describe("many suspects", () => {
  test("with one cause are joined, and the surest cause comes first", async () => {
    const world = make.all(FORWARDING_OFF, make.rule("k3/host", "filter/FORWARD", DROP))(healthy);
    const toK2 = triedIn(world, world, TO_POD);
    const again = triedIn(world, world, flowTo("k1/host", "10.42.0.2", 8080), NOWHERE);
    const toK3 = triedIn(world, world, flowTo("k1/host", "10.42.1.2", 8080), NOWHERE);
    const causes = await causesOf(world, toK3, again, toK2);
    expect(causes.map(told)).toEqual([
      "confirmed ip-forward-off k2 net.ipv4.ip_forward",
      "likely forward-drop k3 rule iptables-nft:filter/FORWARD#1",
    ]);
    expect(causes.map((c) => c.suspects.length)).toEqual([2, 1]);
  });
});

describe("a Service's packets are translated to an address that is no endpoint of it", () => {
  const dead = ip("10.42.0.77");
  const astray = [
    { do: "DNAT", range: { low: dead.value, high: dead.value, ports: [8080, 8080], random: false } },
  ] as const;

  async function saidOf(change: make.Change, flow: Flow = TO_SERVICE, gone: string | null = null) {
    const { world: as, cluster: recorded } = await recordedCluster("vxlan-healthy");
    const cluster = { ...recorded, endpoints: recorded.endpoints.filter((e) => e.ip.text !== gone) };
    const world = make.made(as, change);
    return (await reckonOf(world, [triedIn(world, world, flow)], [], new Map(), cluster)).causes.map(told);
  }

  test("by a chain that is reached for the Service: kube-proxy has not followed", async () => {
    const place = { backend: "iptables-nft", family: "ip", table: "nat", chain: "KUBE-SEP-524AR4PJGSNXVCVE" } as const;
    const change: make.Change = (world) =>
      replaceChain(world, "k1/host", place, (chain) => ({
        ...chain,
        rules: chain.rules.map((r) => (r.targets.some((t) => t.do === "DNAT") ? { ...r, targets: astray } : r)),
      }));
    const stale = "confirmed kubeproxy-stale-endpoint k1 rule iptables-nft:nat/KUBE-SEP-524AR4PJGSNXVCVE#2";
    expect(await saidOf(change)).toEqual([stale]);
    // What comes in by a node port is given a source as well, further on.
    expect(await saidOf(change, flowTo("k3/host", "192.168.6.141", 30007, { toService: "node-port" }))).toEqual([
      stale,
    ]);
  });

  test("and where the pod that asks is the endpoint itself, its packets would be masqueraded on the way back to it", async () => {
    const place = { backend: "iptables-nft", family: "ip", table: "nat", chain: "KUBE-SEP-ZKV4HLNXVBU73AZO" } as const;
    const old: make.Change = (world) =>
      replaceChain(world, "k2/host", place, (chain) => ({
        ...chain,
        rules: chain.rules.map((r) => ({
          ...r,
          matches: r.matches.map((m) => (m.match === "source" ? { ...m, prefixes: [prefix("10.42.0.77/32")] } : m)),
          targets: r.targets.some((t) => t.do === "DNAT") ? astray : r.targets,
        })),
      }));
    const toItself = flowTo("k2/pod:default/backend-866b548794-rxt7n", "10.43.18.19", 8080);
    expect(await saidOf(old, toItself, "10.42.1.3")).toEqual([
      "confirmed kubeproxy-stale-endpoint k2 rule iptables-nft:nat/KUBE-SEP-ZKV4HLNXVBU73AZO#2",
    ]);
  });

  test("by a rule that asks itself whom a packet is for: that rule, and no word of kube-proxy", async () => {
    const to = [{ match: "destination", negate: false, prefixes: [prefix("10.43.238.112/32")] }] as const;
    expect(await saidOf(make.rule("k1/host", "nat/PREROUTING", astray, to))).toEqual([
      "confirmed stale-dnat k1 rule iptables-nft:nat/PREROUTING#1",
    ]);
  });
});

describe("what a tunnel's end ought to have for itself", () => {
  const NODES = ["k1", "k2", "k3"];
  /** Behind a NAT of its own each: VirtualBox's first link. */
  const sameEverywhere: make.Change = (world) =>
    applyEdits(
      world,
      NODES.map((node): Edit => {
        const [link] = linksOf(world.netns.get(`${node}/host`)).filter(({ name }) => name === "eth0");
        if (link === undefined) throw new Error(`${node} has no eth0`);
        const net = prefix("10.0.2.0/24");
        const address = { ip: ip("10.0.2.15"), prefix: net, scope: "global", secondary: false, because: link.because };
        return { do: "add-address", netns: `${node}/host`, link: "eth0", address };
      }),
    );
  const FROM_POD = flowTo("k1/pod:default/frontend-764dfd4598-hxw42", "10.42.0.3", 8080);
  const HELD = "k1 (eth0), k2 (eth0), k3 (eth0)";

  async function foundIn(change: make.Change): Promise<readonly string[]> {
    const world = make.made(healthy, change);
    return (await causesOf(world, triedIn(world, world, FROM_POD))).map((cause) => `${told(cause)}: ${cause.found}`);
  }

  test("an address that the sender has too: its packets come back to it", async () => {
    const known: make.Change = (world) =>
      replaceTable(world, "k1/host", "fdb", (rows) =>
        rows.map((row) => (row.dst?.text === "192.168.6.142" ? { ...row, dst: ip("10.0.2.15") } : row)),
      );
    const sends = make.link("k2/host", "flannel.1", (l) => ({
      ...l,
      vxlan: l.vxlan && { ...l.vxlan, local: ip("10.0.2.15") },
    }));
    const shared = `confirmed duplicate-vtep-address null address 10.0.2.15: ${HELD}`;
    expect(await foundIn(make.all(sameEverywhere, known, sends))).toEqual([shared]);
    // Known by its right address: the answer is what the receiver takes for its own.
    expect(await foundIn(make.all(sameEverywhere, sends))).toEqual([shared]);
  });

  test("that address matters where a tunnel uses it, and nowhere else", async () => {
    const world = make.made(healthy, sameEverywhere);
    expect(walk(world, FROM_POD).branches.map((b) => b.end)).toEqual(["DELIVERED"]);
  });

  test("a MAC address that another node's has: neither takes anything from the other", async () => {
    const [mac] = linksOf(healthy.netns.get("k2/host")).flatMap((l) => (l.name === "flannel.1" ? (l.mac ?? []) : []));
    const cloned = make.link("k1/host", "flannel.1", (l) => ({ ...l, mac: mac ?? null }));
    expect(await foundIn(cloned)).toEqual([
      `confirmed duplicate-vtep-mac null MAC address ${mac}: k1 (flannel.1), k2 (flannel.1)`,
    ]);
  });
});

describe("a rule translates to an address of the pods' network", () => {
  const TO_HOST_PORT = flowTo("k1/host", "192.168.6.142", 8088);
  const hostPort: readonly Match[] = [
    { match: "destination", negate: false, prefixes: [prefix("192.168.6.142/32")] },
    { match: "dport", negate: false, ranges: [[8088, 8088]] },
  ];
  const to = (address: string) => {
    const { value } = ip(address);
    return [{ do: "DNAT", range: { low: value, high: value, ports: [8080, 8080], random: false } }] as const;
  };
  const leads = (address: string): make.Change => make.rule("k2/host", "nat/PREROUTING", to(address), hostPort);

  async function saidOf(change: make.Change, parts: Partial<Cluster> = {}) {
    const { world: as, cluster } = await recordedCluster("vxlan-healthy");
    const world = make.made(as, change);
    const own = [triedIn(world, world, TO_HOST_PORT)];
    const { causes } = await reckonOf(world, own, [], new Map(), { ...cluster, ...parts });
    return causes.map((cause) => `${told(cause)} ${cause.edits.map((edit) => edit.do).join(" ")}`);
  }

  test("that nobody has, before one that would deliver: it alone stands in the way", async () => {
    const stale = "confirmed stale-dnat k2 rule iptables-nft:nat/PREROUTING#1 remove-rule";
    expect(await saidOf(make.all(leads("10.42.0.3"), leads("10.42.0.77")))).toEqual([stale]);
  });

  test("that nobody has, and nothing behind it: likely, and no rule is taken away", async () => {
    expect(await saidOf(leads("10.42.0.77"))).toEqual(["likely stale-dnat k2 rule iptables-nft:nat/PREROUTING#1 "]);
  });

  test("that the API gives to a pod, or lists as an endpoint: then it is not the rule that is stale", async () => {
    const { cluster } = await recordedCluster("vxlan-healthy");
    const both = make.all(leads("10.42.0.3"), leads("10.42.0.77"));
    const [pod] = cluster.pods;
    const [endpoint] = cluster.endpoints;
    if (pod === undefined || endpoint === undefined) throw new Error("the recording has neither");
    const given = { ...pod, name: "new", node: "k2", phase: "Running", hostNetwork: false, ips: [ip("10.42.0.77")] };
    expect(await saidOf(both, { pods: [...cluster.pods, given] })).not.toContainEqual(
      expect.stringContaining("stale-dnat"),
    );
    const listed = { ...endpoint, ip: ip("10.42.0.77"), port: 8080 };
    expect(await saidOf(both, { endpoints: [...cluster.endpoints, listed] })).not.toContainEqual(
      expect.stringContaining("stale-dnat"),
    );
  });

  test("that nobody has, and no route of the node: whatever the router does with it, it is lost", async () => {
    const ownSubnet: make.Change = (world) =>
      replaceTable(world, "k2/host", "routes", (routes) => routes.filter((r) => r.dst.text !== "10.42.0.0/24"));
    const change = make.all(leads("10.42.0.77"), ownSubnet);
    const world = make.made((await recordedCluster("vxlan-healthy")).world, change);
    expect(walk(world, TO_HOST_PORT).branches.map((b) => b.end)).toEqual(["UNKNOWN"]);
    expect(await saidOf(change)).toEqual(["likely stale-dnat k2 rule iptables-nft:nat/PREROUTING#1 "]);
  });

  test("outside of it a machine may be that nobody reads", async () => {
    expect(await saidOf(leads("192.168.6.200"))).not.toContainEqual(expect.stringContaining("stale-dnat"));
  });
});

describe("a policy denies what a filter stopped", () => {
  const closed = { namespace: "default", name: "closed", spec: policySpec({ podSelector: {} }) };
  const cluster = made.clusterOf({
    nodes: [made.node("k1", "192.168.6.141"), made.node("k2", "192.168.6.142")],
    pods: [made.pod("frontend", "10.42.0.3", { node: "k2" })],
    networkPolicies: known([closed]),
  });
  const toldOf = async (change: make.Change) => {
    const world = make.made(healthy, change);
    return (await reckonOf(world, [triedIn(world, world, TO_POD)], [], new Map(), cluster)).causes.map(told);
  };

  test("it is meant where the chain is that of who enforces policies", async () => {
    const meant = "confirmed netpol-deny null NetworkPolicy default/closed";
    expect(await toldOf(make.chain("k2/host", "filter/FORWARD", "KUBE-POD-FW-ABCDEFGH", DROP))).toEqual([meant]);
    expect(await toldOf(make.chain("k2/host", "filter/FORWARD", "cali-tw-veth1", DROP))).toEqual([meant]);
  });

  test("what no NetworkPolicy denies an engine may deny by policies of its own: nothing of it is taken away", async () => {
    const world = make.made(healthy, make.chain("k2/host", "filter/FORWARD", "cali-tw-veth1", DROP));
    const open = made.clusterOf({
      nodes: [made.node("k1", "192.168.6.141"), made.node("k2", "192.168.6.142")],
      pods: [made.pod("frontend", "10.42.0.3", { node: "k2" })],
      networkPolicies: known([]),
    });
    const { causes } = await reckonOf(world, [triedIn(world, world, TO_POD)], [], new Map(), open);
    expect(causes.map((c) => c.confidence)).toEqual(["suspected"]);
    const permission = () => ({ allowed: true, by: [], direction: "ingress" }) as const;
    const isUndeclaredIn = (w: World): boolean | undefined => {
      const at = walk(w, TO_POD).branches[0];
      return at && isUndeclared({ leg: "request", at }, TO_POD, { world: w, permission });
    };
    expect(isUndeclaredIn(world)).toBe(true);
    expect(isUndeclaredIn(make.rule("k2/host", "filter/FORWARD", DROP)(healthy))).toBe(false);
  });

  test("Weave Net's is the hook's own rule about its bridge", () => {
    const at = walk(make.rule("k2/host", "filter/FORWARD", DROP)(healthy), TO_POD).branches[0];
    if (at === undefined) throw new Error("nothing is walked");
    const permission = () => ({ allowed: false, by: ["default/closed"], direction: "ingress" }) as const;
    const denialBy = (out: string) => {
      const matches = [{ match: "out", negate: false, name: out }] as const;
      const world = make.rule("k2/host", "filter/FORWARD", DROP, matches)(healthy);
      return denialAt({ leg: "request", at }, TO_POD, { world, permission });
    };
    expect(denialBy("weave")).toMatchObject({ isMeant: true });
    expect(denialBy("eth0")).toBeNull();
  });

  test("a rule of a hook is nobody's who enforces policies: it is the cause, whatever is declared", async () => {
    expect(await toldOf(make.rule("k2/host", "filter/FORWARD", DROP))).toEqual([
      "confirmed forward-drop k2 rule iptables-nft:filter/FORWARD#1",
    ]);
    expect(await toldOf(make.nftDrop(POD, "INPUT"))).toEqual(["confirmed pod-iptables-drop k2 rule nft:guard/stop#1"]);
  });

  test("a chain of somebody's may be either", async () => {
    const rule = "suspected forward-drop k2 rule";
    expect(await toldOf(make.chain("k2/host", "filter/FORWARD", "SITE", DROP))).toEqual([
      `${rule} iptables-nft:filter/SITE#1`,
    ]);
    expect(await toldOf(make.nftDrop("k2/host", "FORWARD"))).toEqual([`${rule} nft:guard/stop#1`]);
  });

  test("what is broken before it comes first", async () => {
    const both = make.all(
      make.chain("k2/host", "filter/FORWARD", "KUBE-POD-FW-ABCDEFGH", DROP),
      make.rule("k2/host", "filter/FORWARD", DROP),
    );
    expect(await toldOf(both)).toEqual([
      "confirmed forward-drop k2 rule iptables-nft:filter/FORWARD#1",
      "likely netpol-deny null NetworkPolicy default/closed",
    ]);
  });
});

test("a policy that drops on every node, with nothing before it that accepts, is likely: it may be meant", async () => {
  const nodes = ["k1", "k2", "k3"];
  const place = { backend: "iptables-nft", family: "ip", table: "filter", chain: "FORWARD" } as const;
  const emptied: make.Change = (world) =>
    nodes.reduce((w, node) => replaceChain(w, `${node}/host`, place, (c) => ({ ...c, rules: [] })), world);
  const dropping = make.all(emptied, ...nodes.map((node) => make.policy(`${node}/host`, "filter/FORWARD")));
  const world = make.made(healthy, dropping);
  const causes = await causesOf(world, triedIn(world, world, TO_POD));
  expect(causes.map(told)).toContain("likely forward-drop k2 policy iptables-nft:filter/FORWARD");
  expect(causes.map((c) => c.confidence)).not.toContain("confirmed");
});

describe("a rule that every node has", () => {
  const everywhere = make.all(...["k1", "k2", "k3"].map((n) => make.rule(`${n}/host`, "filter/FORWARD", DROP)));

  test("is no more than likely the cause, for it may be meant, though its removal alone would deliver", async () => {
    const world = make.made(healthy, everywhere);
    const [first, ...more] = await causesOf(world, triedIn(world, world, TO_POD));
    expect(more).toEqual([]);
    expect(first === undefined ? null : told(first)).toBe("likely forward-drop k2 rule iptables-nft:filter/FORWARD#1");
    expect(first?.proven).toBe(true);
  });

  test("is none where one node lacks what lets packets pass before it", async () => {
    const pass = (n: string) => make.rule(`${n}/host`, "filter/FORWARD", [{ do: "ACCEPT" }], [], 100_001);
    const lacks = make.all(everywhere, pass("k1"), pass("k3"));
    expect(await said(lacks)).toEqual(["confirmed rule-missing k2 rule iptables-nft:filter/FORWARD#1"]);
  });
});
