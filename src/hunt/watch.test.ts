import { expect, test } from "vitest";
import type { World } from "../facts/world.ts";
import { tapFilter } from "../witness/tap/tap-filter.ts";
import { tunnelPortsOf } from "./watch.ts";

test("tunnels are those of the nodes: neither what a pod has set up nor what is no port ends or blinds a tap", () => {
  const netns = (id: string, path: string | null, dstPort: number) => {
    return [id, { id, path, links: { known: true, value: [{ vxlan: { dstPort } }] } }] as const;
  };
  const world = {
    netns: new Map([
      netns("k1/host", null, 4790),
      netns("k2/host", null, 4_294_967_295),
      netns("k2/pod:shop/evil", "/proc/7/ns/net", 80),
    ]),
  } as unknown as World;
  const ports = tunnelPortsOf(world);
  expect([...ports.vxlan]).toEqual([4789, 8472, 4790]);
  expect(tapFilter([], ports)).toContain("(udp port 4790)");
});
