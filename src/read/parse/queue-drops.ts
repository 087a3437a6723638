import type { Counters } from "../../facts/netns.ts";

const MOST_QUEUES = 4096;

/**
 * `tc -s qdisc show`: what the queues and filters of links dropped, `LINK KIND_dropped`, queues of one kind on one link together.
 * Filters of tc count at the qdisc they hang on, `clsact` or `ingress` (sch_handle_ingress and _egress, net/core/dev.c). Lines that are
 * neither are passed over: every kind prints more of its own.
 */
export function parseQueueDrops(text: string): Counters {
  const counters = new Map<string, bigint>();
  let queue: string | null = null;
  for (const line of text.split("\n")) {
    const named = /^qdisc ([\w-]{1,32}) \S+ (?:\[?offloaded\]? )?dev (\S{1,15}) /.exec(line);
    if (named !== null) queue = counters.size < MOST_QUEUES ? `${named[2]} ${named[1]}_dropped` : null;
    const dropped = /^ Sent \d+ bytes \d+ pkt \(dropped (\d{1,20}),/.exec(line)?.[1];
    if (queue === null || dropped === undefined) continue;
    counters.set(queue, (counters.get(queue) ?? 0n) + BigInt(dropped));
    queue = null;
  }
  return counters;
}
