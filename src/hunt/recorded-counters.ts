import type { Counters } from "../facts/netns.ts";
import type { NetnsId } from "../facts/provenance.ts";
import { parseCounters } from "../read/parse/counters.ts";
import type { Bundle } from "../read/transport/bundle.ts";
import { text } from "../read/transport/reader.ts";
import { movedBetween } from "./watch.ts";
import type { Field } from "./field.ts";
import type { Moved } from "./rungs/probes.ts";

const FILES = ["proc-net-snmp", "proc-net-netstat"] as const;

/** Counters that a recording holds twice, `NAME.before` and `NAME.after` its packets. Empty: it holds none. */
export async function recordedCounters(bundle: Bundle, field: Field): Promise<Moved> {
  const [before, after] = await Promise.all([readMoment(bundle, field, "before"), readMoment(bundle, field, "after")]);
  return movedBetween(before, after);
}

async function readMoment(
  bundle: Bundle,
  field: Field,
  moment: "before" | "after",
): Promise<ReadonlyMap<NetnsId, Counters>> {
  const found = new Map<NetnsId, Counters>();
  for (const { id, node, path } of field.world.netns.values()) {
    if (!bundle.nodes.includes(node)) continue;
    const round = FILES.map((name) => ({ name: `${name}.${moment}`, argv: ["cat", `${name}.${moment}`], netns: path }));
    const counters = new Map<string, bigint>();
    for (const output of await bundle.run(node, round, field.limits)) {
      if (output.failure !== null) continue;
      const { value } = parseCounters(text(output), { node, netns: id, argv: output.command.argv, at: output.at });
      for (const [name, count] of value) counters.set(name, count);
    }
    if (counters.size > 0) found.set(id, counters);
  }
  return found;
}
