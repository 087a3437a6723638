import type { KubeNode } from "../facts/cluster.ts";
import { type Ip, sameIp } from "../facts/ip.ts";
import { entryText, isUnresolved } from "../facts/lookup/neighbours.ts";
import type { Neighbour, Netns } from "../facts/netns.ts";
import { NEIGHBOURS_AFTER } from "../read/bundle/record-moment.ts";
import { parseNeighbours } from "../read/parse/neighbours.ts";
import { text } from "../read/transport/reader.ts";
import type { SilentNode } from "../think/explain/silent.ts";
import type { Frame } from "../witness/sighting.ts";
import type { Field } from "./field.ts";
import { isMute, recordingOf } from "./recorded.ts";

/**
 * In a recording nobody can be asked: nothing that was captured came from the node or its pods, no neighbour has heard of it a moment
 * ago, and one asked for its address in vain, or the API says that it is not ready; where nothing was captured, both. Of others
 * that were not read nothing is known.
 */
export async function recordedSilence(field: Field, inDoubt: readonly KubeNode[]): Promise<readonly SilentNode[]> {
  if (inDoubt.length === 0) return [];
  const recording = await recordingOf(field);
  const { frames } = recording;
  const hosts = [...field.world.netns.values()].filter(({ name, neighbours }) => name === "host" && neighbours.known);
  const held = await Promise.all(hosts.map(async (host) => ({ node: host.node, entries: await heldBy(field, host) })));
  return inDoubt.flatMap(({ name, internalIps, ready }): readonly SilentNode[] => {
    const isOwn = (ip: Ip): boolean => internalIps.some((own) => sameIp(own, ip));
    const isItsPods = (ip: Ip): boolean =>
      field.cluster.pods.some((pod) => pod.node === name && pod.ips.some((own) => sameIp(own, ip)));
    const entries = held.flatMap(({ node, entries: all }) =>
      all.filter(({ ip }) => isOwn(ip)).map((entry) => ({ node, entry })),
    );
    const unresolved = entries.find(({ entry }) => isUnresolved(entry));
    const isAlive =
      entries.some(({ entry }) => entry.state === "REACHABLE") ||
      frames.some((frame) => isFrom(frame, (ip) => isOwn(ip) || isItsPods(ip)));
    const signs = Number(unresolved !== undefined) + Number(ready === false);
    if (isAlive || signs < (isMute(recording) ? 2 : 1)) return [];
    const neighbour = unresolved === undefined ? null : { node: unresolved.node, line: entryText(unresolved.entry) };
    return [{ node: name, ips: internalIps, ready, neighbour, askers: hosts.map(({ node }) => node) }];
  });
}

/** As they were behind the packets, else as they were read. */
async function heldBy({ reader, limits }: Field, { id, node, neighbours }: Netns): Promise<readonly Neighbour[]> {
  const [output] = await reader.run(node, [{ ...NEIGHBOURS_AFTER, netns: null }], limits);
  const { argv } = NEIGHBOURS_AFTER;
  if (output !== undefined && output.failure === null)
    return parseNeighbours(text(output), { node, netns: id, argv, at: output.at }).value;
  return neighbours.known ? neighbours.value : [];
}

/** By its outermost address: that of whoever put it on the wire, or routes it unchanged. */
function isFrom({ direction, headers }: Frame, isOwn: (ip: Ip) => boolean): boolean {
  const outer = headers.find((h) => h.kind === "ip");
  return direction !== "out" && outer?.kind === "ip" && isOwn(outer.src);
}
