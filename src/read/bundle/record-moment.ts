import type { Netns } from "../../facts/netns.ts";
import type { NodeName } from "../../facts/provenance.ts";
import type { Command, Limits, Reader } from "../transport/reader.ts";

/** Counters before or after what is tried meanwhile, of every namespace that was read. */
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
    rounds.set(node, [...(rounds.get(node) ?? []), { name: `proc-net-snmp.${moment}`, argv, netns: path }]);
  }
  await Promise.all([...rounds].map(([node, round]) => recorder.run(node, round, limits)));
}
