import { bridgeEntries } from "../../../facts/lookup/fdb.ts";
import { linkNamed } from "../../../facts/lookup/links.ts";
import { otherEnds, wiresAt } from "../../../facts/lookup/wires.ts";
import type { Link, Netns } from "../../../facts/netns.ts";
import type { World } from "../../../facts/world.ts";
import type { Read } from "../reads.ts";

/** Does only what an entry leads to it come out of a port? It is no part of br_flood, nor does br_fdb_update make it an entry. */
export function isDeaf(port: Link): boolean {
  return port.port !== null && !port.port.flood && !port.port.learning;
}

type LinkRead = Extract<Read, { of: "link" }>;

/** The deaf port that a link is plugged into, where its bridge has no entry for the link: no answer to ARP comes out. */
export function deafPortOf(world: World, netns: Netns, link: Link): LinkRead | null {
  return pluggedInto(world, netns, link, ({ fdb }, port) => {
    if (!fdb.known || port.master === null || link.mac === null || !isDeaf(port)) return false;
    return bridgeEntries(fdb.value, port.master, link.mac).length === 0;
  });
}

/**
 * The port that a link is plugged into, where its state lets nothing pass: neither a question by ARP nor an answer.
 * The ports of a bridge that is down are shut by it (br_stp_disable_bridge): there the bridge is to be named.
 */
export function shutPortOf(world: World, netns: Netns, link: Link): LinkRead | null {
  return pluggedInto(world, netns, link, ({ links }, port) => {
    if (port.port === null || port.port.state === "forwarding" || !port.up || !port.carrier) return false;
    const bridge = links.known && port.master !== null ? linkNamed(links.value, port.master) : null;
    return bridge === null || bridge.up;
  });
}

/** The link at the other end of a link's own wire, if it is such a one; what else is on a segment is between others. */
function pluggedInto(
  world: World,
  netns: Netns,
  link: Link,
  isSuch: (there: Netns, port: Link) => boolean,
): LinkRead | null {
  const own = wiresAt(world.wires, netns.id, link.name).filter((wire) => wire.kind === "veth");
  for (const end of own.flatMap((wire) => otherEnds(wire, netns.id, link.name))) {
    const there = world.netns.get(end.netns);
    const port = there?.links.known ? linkNamed(there.links.value, end.link) : null;
    if (there !== undefined && port !== null && isSuch(there, port)) {
      return { of: "link", netns: there.id, name: port.name };
    }
  }
  return null;
}
