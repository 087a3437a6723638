import type { Walk } from "../walk/branch.ts";
import { type Focus, firstFailure } from "./goal.ts";
import type { Solution } from "./search.ts";

/** Ties, the most credible first: cures before bypasses, by departure from healthy peers, on the node where the packet ended. */
export function rank(found: readonly Solution[], failing: Walk, focus: Focus | null): readonly Solution[] {
  const end = firstFailure(failing, focus)?.at.netns ?? null;
  return [...found].sort(
    (a, b) => bypasses(a) - bypasses(b) || meanDeparture(b) - meanDeparture(a) || away(a, end) - away(b, end),
  );
}

function bypasses({ proposals }: Solution): number {
  return proposals.filter((p) => p.kind === "bypass").length;
}

function meanDeparture({ proposals }: Solution): number {
  if (proposals.length === 0) return 0;
  return proposals.reduce((sum, p) => sum + p.departure, 0) / proposals.length;
}

function away({ edits }: Solution, end: string | null): number {
  return edits.some((edit) => edit.netns === end) ? 0 : 1;
}
