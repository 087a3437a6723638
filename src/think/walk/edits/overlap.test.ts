import { beforeAll, expect, test } from "vitest";
import * as make from "../../../../test/explain/faults.ts";
import { recordedCluster } from "../../../../test/explain/recorded-cluster.ts";
import { ip, prefix } from "../../../facts/ip.ts";
import type { World } from "../../../facts/world.ts";
import { connectedRoutes } from "./connected-routes.ts";
import { isOverlap } from "./overlap.ts";

let healthy: World;
beforeAll(async () => {
  healthy = (await recordedCluster("vxlan-healthy")).world;
});

/** Whether k1's own route to the network of an address that its link has is over what is `dst`. */
function isOver(link: string, network: string, dst: string): boolean {
  const own = prefix(network);
  const world = make.made(
    healthy,
    make.link("k1/host", link, (l) => {
      const [like] = l.addresses;
      if (like === undefined) throw new Error(`${link} has no address`);
      return { ...l, addresses: [{ ...like, ip: ip(network.split("/")[0] ?? ""), prefix: own }] };
    }),
  );
  const host = world.netns.get("k1/host");
  const changed = host?.links.known ? host.links.value.find(({ name }) => name === link) : undefined;
  const [route] = changed === undefined ? [] : connectedRoutes(changed);
  if (host === undefined || route === undefined) throw new Error("no route");
  return isOverlap(world, host, route, ip(dst));
}

test("a network of a link that nobody is behind lies over the pods of another node", () => {
  expect(isOver("cni0", "10.42.0.1/24", "10.42.0.3")).toBe(true);
});

test("not over its own pods, nor over other machines, whose masks may differ", () => {
  expect(isOver("cni0", "10.42.2.1/24", "10.42.2.2")).toBe(false);
  expect(isOver("cni0", "192.168.6.129/25", "192.168.6.142")).toBe(false);
  expect(isOver("eth0", "192.168.6.141/16", "192.168.6.142")).toBe(false);
});
