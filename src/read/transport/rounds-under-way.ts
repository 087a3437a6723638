import type { NodeName } from "../../facts/provenance.ts";
import type { Reader } from "./reader.ts";

/** A node that was asked and has not answered yet. */
export interface Awaited {
  readonly node: NodeName;
  readonly sinceMs: number;
}

/** The same reader, and which nodes it waits for: the longest awaited first. */
export function countRounds<R extends Reader>(
  reader: R,
): { readonly reader: R; readonly awaited: () => readonly Awaited[] } {
  const rounds = new Set<{ readonly node: NodeName; readonly begunAt: number }>();
  return {
    reader: {
      ...reader,
      async run(node, round, limits) {
        const begun = { node, begunAt: performance.now() };
        rounds.add(begun);
        try {
          return await reader.run(node, round, limits);
        } finally {
          rounds.delete(begun);
        }
      },
    },
    awaited() {
      const oldest = new Map<NodeName, number>();
      for (const { node, begunAt } of rounds) oldest.set(node, Math.min(begunAt, oldest.get(node) ?? begunAt));
      return [...oldest]
        .sort(([, a], [, b]) => a - b)
        .map(([node, begunAt]) => ({ node, sinceMs: performance.now() - begunAt }));
    },
  };
}
