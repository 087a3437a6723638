import { contains, type Ip } from "../../../facts/ip.ts";
import type { Netns, Route } from "../../../facts/netns.ts";
import { linksOf, type WireEnd, type World } from "../../../facts/world.ts";
import { ownerOf } from "./owners.ts";

/**
 * A machine's own route, by the kernel, to the network of a link, where the address is known to be a pod's, and nobody of that network
 * is known to be behind the link: the `docker0` of a runtime of its own, over the pods of another node.
 */
export function isOverlap(world: World, netns: Netns, route: Route, dst: Ip): boolean {
  // A pod's network is that of its bridge, whose other ports are no ends of its wire.
  if (netns.name !== "host" || route.protocol !== "kernel") return false;
  const owner = ownerOf(world, dst);
  return owner !== null && owner.netns.name !== "host" && !leadsIntoItsNetwork(world, netns, route);
}

function leadsIntoItsNetwork({ wires, netns: all }: World, netns: Netns, { nexthops, dst }: Route): boolean {
  const devs = nexthops.flatMap(({ dev }) => dev ?? []);
  const own = linksOf(netns).filter(({ name, master }) => devs.includes(name) || devs.includes(master ?? ""));
  const isOwn = (end: WireEnd): boolean => end.netns === netns.id && own.some(({ name }) => name === end.link);
  const isInNetwork = (end: WireEnd): boolean =>
    linksOf(all.get(end.netns)).some(
      ({ name, addresses }) => name === end.link && addresses.some(({ ip }) => contains(dst, ip)),
    );
  return wires.some(({ ends }) => ends.some(isOwn) && ends.some((end) => !isOwn(end) && isInNetwork(end)));
}
