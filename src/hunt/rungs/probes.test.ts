import { beforeAll, describe, expect, test } from "vitest";
import * as make from "../../../test/explain/faults.ts";
import { recordedCluster } from "../../../test/explain/recorded-cluster.ts";
import { said } from "../../../test/said.ts";
import { EVERYWHERE, flowTo, NOWHERE, triedIn } from "../../../test/explain/what-happens.ts";
import type { World } from "../../facts/world.ts";
import { type Suspect, suspectsOf } from "../../think/explain/suspect.ts";
import { walk } from "../../think/walk/walk.ts";
import type { Finding } from "../findings.ts";
import { captureRung, nextAfter } from "./capture.ts";
import { countAnswers, kernelRung, mostMoved, reachRung, reasonOf } from "./probes.ts";

const TO_POD = flowTo("k1/host", "10.42.0.3", 8080);

let healthy: World;
let broken: World;
let suspect: Suspect;
beforeAll(async () => {
  healthy = (await recordedCluster("vxlan-healthy")).world;
  broken = make.made(healthy, make.sysctl("k2/host", "net.ipv4.ip_forward", "0"));
  suspect = suspectsOf(triedIn(broken, broken, TO_POD))[0] as Suspect;
});

/** `k2 3: eth0 in (tunnelled), flannel.1 in <` */
function rows(lines: readonly Finding[]): readonly string[] {
  return lines.flatMap((line) => {
    if (line.code !== "capture-line") return [];
    const { node, count, hops } = line.params;
    return [`${node} ${count}: ${hops.map((h) => `${said(h.name)}${h.last ? " <" : ""}`).join(", ")}`];
  });
}

describe("reach", () => {
  test("tells failures first, and as many lines as are wanted", () => {
    const well = triedIn(healthy, healthy, TO_POD);
    const lost = triedIn(broken, broken, TO_POD);
    const rung = reachRung([well, lost, well], 2, ["e1"]);
    expect(rung).toMatchObject({ status: "failed", evidence: ["e1"] });
    expect(rung.headline).toEqual({
      code: "reach-line",
      params: { from: "k1", to: "10.42.0.3:8080", answered: 0, attempts: 3, how: [{ outcome: "timeout", count: 3 }] },
    });
    expect(rung.lines.length).toBe(1);
  });

  test("is well only when everything was asked and answered", () => {
    const well = triedIn(healthy, healthy, TO_POD);
    const unasked = { ...well, tries: [] };
    expect(reachRung([well], 6, []).status).toBe("ok");
    expect(reachRung([well, unasked], 6, []).status).toBe("unknown");
    expect(reachRung([unasked], 6, [])).toMatchObject({ status: "unknown", headline: { code: "not-tried" } });
    expect(reachRung([], 6, [])).toMatchObject({ status: "skipped" });
  });

  test("counts outcomes in the order in which they came", () => {
    expect(countAnswers(["timeout", "refused", "timeout"])).toEqual([
      { outcome: "timeout", count: 2 },
      { outcome: "refused", count: 1 },
    ]);
  });
});

describe("kernel", () => {
  const moved = (name: string, netns = "k2/host") => new Map([[netns, [{ name, delta: 3 }]]]);

  test("tells a counter of this loss, where it happens", () => {
    expect(kernelRung(suspect, moved("IpInAddrErrors"), [])).toMatchObject({
      status: "failed",
      headline: { code: "kernel-counter", params: { node: "k2", name: "IpInAddrErrors", delta: 3 } },
    });
    expect(reasonOf(suspect, moved("IpInAddrErrors"), [])).toBe("IpInAddrErrors");
  });

  test("takes no counter of another node, nor one that every packet moves", () => {
    expect(reasonOf(suspect, moved("IpInAddrErrors", "k1/host"), [])).toBeNull();
    expect(reasonOf(suspect, moved("IpInReceives"), [])).toBeNull();
    expect(kernelRung(suspect, moved("IpInReceives"), []).headline.code).toBe("kernel-quiet");
  });

  test("a drop reason says more than a counter, if it is one of this loss", () => {
    const reasons = [
      { reason: "NO_SOCKET", count: 9 },
      { reason: "IP_INADDRERRORS", count: 3 },
    ];
    expect(reasonOf(suspect, moved("IpInAddrErrors"), reasons)).toBe("IP_INADDRERRORS");
    expect(reasonOf(suspect, moved("IpInAddrErrors"), reasons.slice(0, 1))).toBe("IpInAddrErrors");
  });

  test("what a link gave up sending counts where the packet was last seen on its way out of it", async () => {
    const unreached = make.made(healthy, make.noFdbTo("k1/host", "192.168.6.142"));
    const [lost] = suspectsOf(triedIn(unreached, unreached, TO_POD));
    const dropped = moved("flannel.1 tx_dropped", "k1/host");
    expect(kernelRung(lost ?? null, dropped, [])).toMatchObject({
      status: "failed",
      headline: { code: "kernel-counter", params: { node: "k1", name: "flannel.1 tx_dropped" } },
    });
    expect(kernelRung(lost ?? null, moved("cni0 tx_dropped", "k1/host"), []).headline.code).toBe("kernel-quiet");
    // The last hop comes in by it there: what it did not send is something else, and what its filters took is not.
    expect(kernelRung(suspect, moved("flannel.1 tx_dropped"), []).headline.code).toBe("kernel-quiet");
    expect(kernelRung(suspect, moved("flannel.1 clsact_dropped"), []).headline.code).toBe("kernel-counter");
    // Nor was it seen on the next one, whose queue or filters may have taken it.
    const taken = make.made(healthy, make.nftDrop("k2/host", "FORWARD"));
    const [untold = null] = suspectsOf(triedIn(healthy, taken, TO_POD));
    expect(kernelRung(untold, moved("cni0 fq_codel_dropped"), []).headline.code).toBe("kernel-counter");
    expect(kernelRung(untold, moved("eth0 fq_codel_dropped"), []).headline.code).toBe("kernel-quiet");
  });

  test("readings that overlap are not added up", () => {
    const other = new Map([
      [
        "k2/host",
        [
          { name: "IpInAddrErrors", delta: 5 },
          { name: "UdpNoPorts", delta: 1 },
        ],
      ],
    ]);
    expect(mostMoved([moved("IpInAddrErrors"), other, moved("X", "k1/host")])).toEqual(
      new Map([
        [
          "k2/host",
          [
            { name: "IpInAddrErrors", delta: 5 },
            { name: "UdpNoPorts", delta: 1 },
          ],
        ],
        ["k1/host", [{ name: "X", delta: 3 }]],
      ]),
    );
    expect(mostMoved([])).toEqual(new Map());
  });

  test("that was not asked is not quiet", () => {
    expect(kernelRung(suspect, new Map(), [])).toMatchObject({ status: "unknown", headline: { code: "not-read" } });
  });
});

describe("capture", () => {
  test("shows every hop up to the first at which it was not", () => {
    const healed = walk(healthy, TO_POD).branches[0] ?? null;
    const rung = captureRung(suspect, healed, 3, []);
    expect(rung.status).toBe("failed");
    expect(rows(rung.lines)).toEqual([
      "k1 3: flannel.1 out, eth0 out (tunnelled)",
      "k2 3: eth0 in (tunnelled), flannel.1 in <",
      "k2 0: cni0 out",
    ]);
    expect(nextAfter(suspect, healed)).toMatchObject({ netns: "k2/host", link: "cni0", direction: "out" });
    expect(nextAfter(suspect, null)).toBeNull();
  });

  test("counts nothing as absent where nobody heard", () => {
    const healed = walk(healthy, TO_POD).branches[0] ?? null;
    const deaf = { ...EVERYWHERE, trusted: (id: string) => id !== "k2/host" };
    const [one] = suspectsOf(triedIn(broken, broken, TO_POD, deaf));
    expect(rows(captureRung(one ?? null, healed, 3, ["k2/host"]).lines).at(-1)).toBe("k2 null: cni0 out");
    const [blind] = suspectsOf(triedIn(broken, broken, TO_POD, NOWHERE));
    const rung = captureRung(blind ?? null, healed, 3, []);
    expect(rung.status).toBe("unknown");
    expect(rows(rung.lines).join()).not.toMatch(/[03]:|</);
  });

  test("counts at an unexpected place those that were seen there, not all", () => {
    const tried = triedIn(broken, broken, TO_POD);
    const astray = { netns: "k3/host", link: "eth0", direction: "in", leg: "request", header: "inner" } as const;
    const tries = tried.tries.map((t, i) =>
      i > 0 || t.trail === null ? t : { ...t, trail: { ...t.trail, points: [...t.trail.points, astray] } },
    );
    const [one] = suspectsOf({ ...tried, tries });
    expect(rows(captureRung(one ?? null, null, 3, []).lines)).toContain("k3 1: eth0 in <");
  });

  test("of what arrived is seen at every hop, or that is not said", () => {
    const well = triedIn(healthy, healthy, TO_POD);
    expect(captureRung(null, null, 3, [], [well])).toMatchObject({
      status: "ok",
      headline: { code: "capture-arrives" },
    });
    expect(captureRung(null, null, 3, ["k2/host"], [well])).toMatchObject({ status: "unknown" });
    expect(captureRung(null, null, 0, [], [])).toMatchObject({ status: "skipped" });
    const unheard = triedIn(healthy, healthy, TO_POD, NOWHERE);
    expect(captureRung(null, null, 3, [], [unheard])).toMatchObject({ status: "unknown" });
  });
});
