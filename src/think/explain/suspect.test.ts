import { beforeAll, describe, expect, test } from "vitest";
import * as make from "../../../test/explain/faults.ts";
import { recordedCluster } from "../../../test/explain/recorded-cluster.ts";
import { EVERYWHERE, flowTo, NOWHERE, triedIn, type Watch } from "../../../test/explain/what-happens.ts";
import { prefix } from "../../facts/ip.ts";
import type { World } from "../../facts/world.ts";
import { walk } from "../walk/walk.ts";
import { expectedPoints, type Point, samePlace } from "./points.ts";
import { hopsOf, type Suspect, suspectsOf, type Tried, type Try } from "./suspect.ts";

const POD = "k2/pod:default/frontend-764dfd4598-gnkwp";
const TO_POD = flowTo("k1/host", "10.42.0.3", 8080);
const TO_SERVICE = flowTo("k1/pod:default/frontend-764dfd4598-hxw42", "10.43.238.112", 80);
const FORWARDING_OFF = make.sysctl("k2/host", "net.ipv4.ip_forward", "0");

let healthy: World;
let broken: World;
beforeAll(async () => {
  healthy = (await recordedCluster("vxlan-healthy")).world;
  broken = make.made(healthy, FORWARDING_OFF);
});

function only(suspects: readonly Suspect[]): Suspect {
  const [first, ...more] = suspects;
  if (first === undefined || more.length > 0) throw new Error(`${suspects.length} suspects`);
  return first;
}

function placeText(point: Point | null): string {
  return point === null ? "nowhere" : `${point.netns} ${point.link} ${point.direction} ${point.leg} ${point.header}`;
}

function withPoints(tried: Tried, change: (points: readonly Point[]) => readonly Point[]): Tried {
  const tries = tried.tries.map((one) =>
    one.trail === null ? one : { ...one, trail: { ...one.trail, points: change(one.trail.points) } },
  );
  return { ...tried, tries };
}

const seen = (netns: string, link: string, direction: Point["direction"], leg: Point["leg"] = "request"): Point => ({
  netns,
  link,
  direction,
  leg,
  header: "inner",
});

describe("which branch a try took", () => {
  test("is told by where it was headed after NAT", () => {
    const [suspect, ...more] = suspectsOf(triedIn(broken, broken, TO_SERVICE, { ...EVERYWHERE, attempts: 12 }));
    expect(more.length).toBe(0);
    expect(suspect).toMatchObject({ attempts: 4, failed: 4, witness: "agree", lastSeen: 4, outcomes: ["timeout"] });
    expect(suspect?.branch.destination.ip.text).toBe("10.42.0.3");
  });

  test("is guessed by what could have gone so, where nothing was seen", () => {
    const blind = triedIn(broken, broken, TO_SERVICE, { ...NOWHERE, attempts: 12 });
    expect(only(suspectsOf(blind))).toMatchObject({ attempts: 4, failed: 4, witness: "unwitnessed", lastSeen: 0 });
  });

  test("may be one that the walk says is whole: then the walk is wrong", () => {
    const world = make.rule("k3/host", "mangle/PREROUTING", [{ do: "DROP" }])(healthy);
    const suspect = only(suspectsOf(triedIn(healthy, world, TO_SERVICE, { ...EVERYWHERE, attempts: 3 })));
    expect(suspect.branch.destination.ip.text).toBe("10.42.1.2");
    expect(suspect).toMatchObject({ predicted: null, witness: "dissent", failed: 1 });
  });

  test("of two to one destination is the one that went so", () => {
    const half = make.rule(
      "k2/host",
      "filter/FORWARD",
      [{ do: "DROP" }],
      [
        { match: "destination", negate: false, prefixes: [prefix("10.42.0.3/32")] },
        { match: "statistic", negate: false, mode: "random", probability: 0.5 },
      ],
    )(healthy);
    expect(
      walk(half, TO_POD)
        .branches.map((b) => b.end)
        .sort(),
    ).toEqual(["DELIVERED", "NETFILTER_DROP"]);
    const suspect = only(suspectsOf(triedIn(half, half, TO_POD, { ...EVERYWHERE, attempts: 4 })));
    expect(suspect).toMatchObject({ attempts: 2, failed: 2, witness: "agree" });
    expect(suspect.branch.end).toBe("NETFILTER_DROP");
  });
});

describe("who is a suspect", () => {
  test("nobody where all is well", () => {
    expect(suspectsOf(triedIn(healthy, healthy, TO_SERVICE)).length).toBe(0);
    expect(suspectsOf(triedIn(healthy, healthy, TO_SERVICE, { ...NOWHERE, attempts: 0 })).length).toBe(0);
  });

  test("a branch that is foretold to be lost, tried or not", () => {
    const offline = only(suspectsOf(triedIn(broken, broken, TO_SERVICE, { ...NOWHERE, attempts: 0 })));
    expect(offline).toMatchObject({ attempts: 0, failed: 0, witness: "unwitnessed" });
    expect(placeText(offline.lastHop)).toBe("k2/host flannel.1 in request inner");
  });

  test("not one that ends in the unknown, as long as nothing fails there", () => {
    const netns = new Map(healthy.netns);
    const k2 = healthy.netns.get("k2/host");
    if (k2 === undefined) throw new Error("no k2");
    netns.set("k2/host", { ...k2, sysctls: { known: false, why: "not read" } });
    const unread = { ...healthy, netns };
    expect(walk(unread, TO_POD).branches.map((b) => b.end)).toEqual(["UNKNOWN"]);
    expect(suspectsOf(triedIn(unread, healthy, TO_POD)).length).toBe(0);
    expect(only(suspectsOf(triedIn(unread, broken, TO_POD)))).toMatchObject({ witness: "agree", failed: 3 });
  });
});

describe("the last hop", () => {
  test("is the last sighting in walk order, with every place before it counted", () => {
    const suspect = only(suspectsOf(triedIn(broken, broken, TO_POD)));
    expect(suspect.hops.map(({ point, seen }) => [placeText(point), seen])).toEqual([
      ["k1/host flannel.1 out request inner", 3],
      ["k1/host eth0 out request outer", 3],
      ["k2/host eth0 in request outer", 3],
      ["k2/host flannel.1 in request inner", 3],
    ]);
    expect(placeText(suspect.lastHop)).toBe("k2/host flannel.1 in request inner");
    expect(suspect).toMatchObject({ lastSeen: 3, witness: "agree", offPath: [] });
  });

  test("is the reply's where the request arrived", () => {
    const world = make.noRoute("k2/host", "10.42.2.0/24")(healthy);
    const suspect = only(suspectsOf(triedIn(world, world, TO_POD)));
    expect(suspect.predicted?.leg).toBe("reply");
    expect(suspect.witness).toBe("agree");
    expect(suspect.lastHop).toMatchObject({ netns: "k2/host", leg: "reply" });
  });

  test("lies before the foretold end: the walk is wrong, or something came first", () => {
    const real = make.rule("k1/host", "mangle/OUTPUT", [{ do: "DROP" }])(broken);
    const suspect = only(suspectsOf(triedIn(broken, real, TO_POD)));
    expect(suspect).toMatchObject({ witness: "dissent", lastHop: null, lastSeen: 0 });
    expect(suspect.hops.map((h) => h.seen)).toEqual([0, 0, 0, 0]);
  });

  test("lies behind the foretold end: the packet went on", () => {
    const suspect = only(suspectsOf(triedIn(broken, make.portClosed(POD)(healthy), TO_POD)));
    expect(suspect).toMatchObject({ witness: "dissent", wentOn: true });
    expect(placeText(suspect.lastHop)).toBe(`${POD} eth0 in request inner`);
  });
});

describe("taps that prove nothing", () => {
  const onNodes: Watch = { ...EVERYWHERE, tapped: (id) => id.endsWith("/host") };

  test("silence of one that lost packets is neither for nor against", () => {
    const deaf: Watch = { ...onNodes, trusted: (id) => id !== "k2/host", lost: (p) => p.netns === "k2/host" };
    const suspect = only(suspectsOf(triedIn(broken, broken, TO_POD, deaf)));
    expect(suspect.hops.map((h) => h.seen)).toEqual([3, 3, null, null]);
    expect(suspect.witness).toBe("consistent");
    expect(placeText(suspect.lastHop)).toBe("k1/host eth0 out request outer");
  });

  test("what it did hear counts", () => {
    const deaf: Watch = { ...onNodes, trusted: (id) => id !== "k2/host" };
    expect(only(suspectsOf(triedIn(broken, broken, TO_POD, deaf))).hops.map((h) => h.seen)).toEqual([3, 3, 3, 3]);
  });

  test("silence of one that heard everything speaks against the walk", () => {
    const real = make.wrongNeighbour("k1/host", "192.168.6.142")(broken);
    const suspect = only(suspectsOf(triedIn(broken, real, TO_POD, onNodes)));
    expect(suspect.hops.map((h) => h.seen)).toEqual([3, 3, 0, 0]);
    expect(suspect.witness).toBe("dissent");
  });
});

describe("sightings beside the way", () => {
  test("of the request, and of an answer, are against a request that is foretold to be lost", () => {
    const tried = triedIn(broken, broken, TO_POD);
    for (const point of [seen("k2/host", "cni0", "out"), seen(POD, "eth0", "in"), seen(POD, "eth0", "out", "reply")]) {
      const suspect = only(suspectsOf(withPoints(tried, (points) => [...points, point])));
      expect([suspect.witness, placeText(suspect.offPath[0] ?? null)]).toEqual(["dissent", placeText(point)]);
    }
  });

  test("by all on the segment are not against a MAC address that nobody has: its switch sends that to all", () => {
    const world = make.wrongNeighbour("k1/host", "192.168.6.142")(healthy);
    const also = (point: Point) =>
      only(suspectsOf(withPoints(triedIn(world, world, TO_POD), (points) => [...points, point])));
    const heard = { ...seen("k2/host", "eth0", "in"), header: "outer" } as const;
    expect(also(heard)).toMatchObject({ witness: "agree", wentOn: false, offPath: [] });
    expect(placeText(also(heard).lastHop)).toBe("k1/host eth0 out request outer");
    expect(also(seen("k2/host", "flannel.1", "in")).witness).toBe("dissent");
  });

  test("of what was for another MAC address were overheard, unless a bridge heard them", () => {
    const tried = triedIn(broken, broken, TO_POD);
    const also = (point: Point) => only(suspectsOf(withPoints(tried, (points) => [...points, point])));
    const onK3 = seen("k3/host", "eth0", "in");
    expect(also(onK3)).toMatchObject({ witness: "dissent", offPath: [onK3] });
    expect(also({ ...onK3, forOthers: true })).toMatchObject({ witness: "agree", offPath: [] });
    const onBridge = { ...seen("k3/host", "cni0", "in"), forOthers: true } as const;
    expect(also(onBridge).witness).toBe("dissent");
    // k2 is gone, and k3's uplink is a port of its bridge, on the segment that the packet was last seen to leave to.
    const gone = { ...broken, netns: new Map([...broken.netns].filter(([id]) => !id.startsWith("k2/"))) };
    const bridged = make.made(
      gone,
      make.link("k3/host", "eth0", (l) => ({ ...l, master: "cni0" })),
    );
    const lost = triedIn(bridged, bridged, TO_POD);
    const heard = { ...onK3, header: "outer", forOthers: true } as const;
    const [suspect] = suspectsOf(withPoints(lost, (points) => [...points, heard]));
    expect(suspect?.offPath).toEqual([]);
    expect(placeText(suspect?.lastHop ?? null)).toBe("k1/host eth0 out request outer");
  });

  test("of the request are not against a reply that is foretold to be lost", () => {
    const world = make.noRoute("k2/host", "10.42.2.0/24")(healthy);
    const astray = seen("k3/host", "eth0", "in");
    const suspect = only(suspectsOf(withPoints(triedIn(world, world, TO_POD), (points) => [astray, ...points])));
    expect(suspect).toMatchObject({ witness: "agree", wentOn: false });
    expect(suspect.offPath.length).toBe(1);
  });

  test("out by the bridge on the way from port to port are not the last, but behind them all they are", () => {
    const backend = "k2/pod:default/backend-866b548794-rxt7n";
    const throughBridge = (change: make.Change): Suspect => {
      const world = make.made(healthy, change);
      const tried = triedIn(world, world, flowTo(POD, "10.42.0.2", 8080), { ...EVERYWHERE, attempts: 2 });
      return only(suspectsOf(withPoints(tried, (points) => [...points, seen("k2/host", "cni0", "out")])));
    };
    const refused = throughBridge(make.portClosed(backend));
    expect([placeText(refused.lastHop), refused.witness]).toEqual([`${backend} eth0 in request inner`, "agree"]);
    const dropped = throughBridge(make.nftDrop("k2/host", "FORWARD"));
    expect(placeText(dropped.lastHop)).toBe("k2/host cni0 out request inner");
  });

  test("flooded copies at a bridge's other ports, and in the pods behind them, are not where it went", () => {
    const world = make.nftDrop(POD, "INPUT")(healthy);
    const ports = (world.netns.get("k2/host")?.links.known ? world.netns.get("k2/host") : undefined)?.links;
    const other = ports?.known ? ports.value.find((l) => l.master === "cni0" && l.name !== "veth88cf15e1") : undefined;
    if (other === undefined) throw new Error("the bridge has one port");
    const behind = "k2/pod:default/backend-866b548794-rxt7n";
    const copies = [seen("k2/host", other.name, "out"), seen(behind, "eth0", "in")];
    const suspect = only(suspectsOf(withPoints(triedIn(world, world, TO_POD), (points) => [...points, ...copies])));
    expect(suspect).toMatchObject({ witness: "agree", offPath: [] });
    expect(placeText(suspect.lastHop)).toBe(`${POD} eth0 in request inner`);
    // A copy of the answer is another thing.
    const answer = seen("k2/host", other.name, "out", "reply");
    expect(only(suspectsOf(withPoints(triedIn(world, world, TO_POD), (p) => [...p, answer]))).witness).toBe("dissent");
  });

  test("are told once, however often they were seen", () => {
    const twice = [seen("k3/host", "eth0", "in"), seen("k3/host", "eth0", "in")];
    const suspect = only(suspectsOf(withPoints(triedIn(broken, broken, TO_POD), (points) => [...points, ...twice])));
    expect(suspect.offPath.length).toBe(1);
  });
});

describe("places", () => {
  test("a capture that does not tell the direction may be either", () => {
    const out = seen("k1/host", "eth0", "out");
    expect(samePlace(out, { ...out, direction: null })).toBe(true);
    expect(samePlace(out, { ...out, direction: "in" })).toBe(false);
    expect(samePlace(out, { ...out, leg: "reply" })).toBe(false);
    expect(samePlace(out, { ...out, header: "outer" })).toBe(false);
  });

  test("of a branch that is whole are counted for its own tries alone", () => {
    const tried = triedIn(healthy, healthy, TO_SERVICE, { ...EVERYWHERE, attempts: 6 });
    for (const branch of tried.walk.branches) {
      const hops = hopsOf(tried, branch);
      expect(hops.length).toBe(expectedPoints(branch).length);
      expect(new Set(hops.map((h) => h.seen))).toEqual(new Set([2]));
    }
  });

  test("no try at all tells nothing of any of them", () => {
    const none: readonly Try[] = [];
    const tried = { ...triedIn(healthy, healthy, TO_POD), tries: none };
    const [branch] = tried.walk.branches;
    expect(branch && hopsOf(tried, branch).every((hop) => hop.seen === null)).toBe(true);
  });
});
