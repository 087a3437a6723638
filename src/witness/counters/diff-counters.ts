import type { Counters, LinkCounters } from "../../facts/netns.ts";

/** A counter that moved while the probes ran. Negative: it was reset, and says nothing. */
export interface CounterDelta {
  /** By nstat's name, or `LINK COLUMN` for an interface's. */
  readonly name: string;
  readonly delta: bigint;
}

/** Counters of one netns that moved; one that only one of the readings has is left out: nobody knows its change. */
export function diffCounters(before: Counters, after: Counters): readonly CounterDelta[] {
  const deltas: CounterDelta[] = [];
  for (const [name, value] of after) {
    const earlier = before.get(name);
    if (earlier !== undefined && earlier !== value) deltas.push({ name, delta: value - earlier });
  }
  return deltas;
}

/** Columns of interfaces as counters of their namespace: `LINK COLUMN`. */
export function byLinkName(links: LinkCounters): Counters {
  return new Map(
    [...links].flatMap(([link, columns]) => [...columns].map(([name, n]) => [`${link} ${name}`, n] as const)),
  );
}
