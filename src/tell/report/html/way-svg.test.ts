import { expect, it } from "vitest";
import { incident } from "../../i18n/incident/en.ts";
import type { Crossing, Station, Way } from "../incident/way.ts";
import { waySvg } from "./way-svg.ts";

const crossing = (isLast: boolean): Crossing => ({
  direction: "in",
  seen: true,
  isPredicted: true,
  isLast,
  isNext: false,
});

function way(leg: "request" | "reply"): Way {
  const station = (name: string, isLast: boolean): Station => ({
    node: "k1",
    netns: "host",
    interface: name,
    isTunnelled: false,
    request: crossing(isLast && leg === "request"),
    reply: crossing(isLast && leg === "reply"),
  });
  const stations = [station("eth0", false), station("cni0", true), station("veth0", false)];
  return { stations, hasReply: true, end: { leg, disposition: "LEFT_CLUSTER", reason: null } };
}

const numberIn = (svg: string, pattern: RegExp): number => Number(pattern.exec(svg)?.[1]);

it.each([
  ["request", 1],
  ["reply", -1],
] as const)("a %s is lost beyond its last hop, the way that it was going", (leg, sign) => {
  const svg = waySvg(way(leg), incident);
  const last = numberIn(svg, /class="halo" cx="\d+" cy="([\d.]+)"/);
  const cross = numberIn(svg, /class="cross" d="M\d+ ([\d.]+)/) + 5;
  const words = numberIn(svg, /class="loss" x="\d+" y="([\d.]+)">LEFT_CLUSTER/);
  const next = numberIn(svg, new RegExp(`y="([\\d.]+)">${leg === "request" ? "veth0" : "eth0"}`));
  for (const y of [cross, words]) {
    expect(Math.sign(y - last)).toBe(sign);
    expect(Math.sign(next - y)).toBe(sign);
  }
});
