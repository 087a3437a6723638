import { describe, expect, it } from "vitest";
import type { Hop, LastHop } from "../../../verdict/verdict.ts";
import { isLastHopSeen, wayOf } from "./way.ts";

function hop(name: string, direction: "in" | "out", header: "outer" | "inner", witnessed: boolean | null): Hop {
  return { node: "k3", netns: "host", interface: name, direction, leg: "request", header, predicted: true, witnessed };
}

function lastAt(at: Pick<LastHop, "interface" | "direction" | "header" | "expectedNext">): LastHop {
  return { node: "k3", netns: "host", leg: "request", disposition: "NETFILTER_DROP", reason: null, ...at };
}

const tunnelIn = { interface: "eth0", direction: "in", header: "outer", expectedNext: "flannel.1" } as const;

describe("what comes after the last hop", () => {
  it("was not seen where a tap would have seen it", () => {
    const { stations } = wayOf({ path: [hop("eth0", "in", "outer", true)], lastHop: lastAt(tunnelIn) });
    expect(stations.map((s) => [s.interface, s.request?.seen, s.request?.isNext])).toEqual([
      ["eth0", true, false],
      ["flannel.1", false, true],
    ]);
  });

  it("is what the walk says where nobody listened", () => {
    const way = { path: [hop("eth0", "in", "outer", null)], lastHop: lastAt(tunnelIn) };
    expect(wayOf(way).stations.map((s) => s.request?.seen)).toEqual([null, null]);
    expect(isLastHopSeen(way)).toBe(false);
  });

  it("is out of the tunnel whose packet came in", () => {
    const { stations } = wayOf({ path: [hop("eth0", "in", "outer", true)], lastHop: lastAt(tunnelIn) });
    expect(stations.map((s) => s.isTunnelled)).toEqual([true, false]);
  });
});

describe("a last hop without an interface", () => {
  const nowhere = lastAt({ interface: null, direction: null, header: null, expectedNext: null });

  it("is the end of the walk where no tap proved anything", () => {
    const path = [hop("cni0", "in", "inner", null), hop("eth0", "out", "outer", null)];
    expect(wayOf({ path, lastHop: nowhere }).stations.map((s) => s.request?.isLast)).toEqual([false, true]);
  });

  it("is nowhere on the way where taps saw nothing", () => {
    const path = [hop("cni0", "in", "inner", false), hop("eth0", "out", "outer", false)];
    expect(wayOf({ path, lastHop: nowhere }).stations.map((s) => s.request?.isLast)).toEqual([false, false]);
  });
});
