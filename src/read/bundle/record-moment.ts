import type { Netns } from "../../facts/netns.ts";
import type { NodeName } from "../../facts/provenance.ts";
import type { Command, Limits, Reader } from "../transport/reader.ts";

/** Of a node: what the tries made it ask for. */
export const NEIGHBOURS_AFTER = { name: "ip-neigh.after", argv: ["ip", "neigh", "show"] } as const;

/** Counters before or after what is tried meanwhile, of every namespace that was read, and the nodes' neighbours then. */
export async function recordMoment(
  recorder: Reader,
  all: Iterable<Netns>,
  moment: "before" | "after",
  limits: Limits,
): Promise<void> {
  const rounds = new Map<NodeName, Command[]>();
  for (const { node, name, path, counters } of all) {
    if (!counters.known || (name !== "host" && path === null)) continue;
    const argv = ["cat", "/proc/net/snmp", "/proc/net/netstat"];
    const isNode = moment === "after" && name === "host";
    rounds.set(node, [
      ...(rounds.get(node) ?? []),
      { name: `proc-net-snmp.${moment}`, argv, netns: path },
      ...(isNode ? [{ ...NEIGHBOURS_AFTER, netns: null }] : []),
    ]);
  }
  await Promise.all([...rounds].map(([node, round]) => recorder.run(node, round, limits)));
}
