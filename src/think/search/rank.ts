import type { Walk } from "../walk/branch.ts";
import { type Focus, firstFailure } from "./goal.ts";
import type { Proposal } from "../walk/edits/edit-meaning.ts";
import type { Solution } from "./search.ts";

/** Ties, the most credible first: cures before bypasses, by departure from healthy peers, on the node where the packet ended. */
export function rank(found: readonly Solution[], failing: Walk, focus: Focus | null): readonly Solution[] {
  const end = firstFailure(failing, focus)?.at.netns ?? null;
  return judgeRules(found).sort(
    (a, b) => bypasses(a) - bypasses(b) || meanDeparture(b) - meanDeparture(a) || away(a, end) - away(b, end),
  );
}

/**
 * A rule that peers have too is meant: where it delivers as much to restore the set by which this node departs from them, its
 * removal lets packets pass in spite of that.
 */
function judgeRules(found: readonly Solution[]): Solution[] {
  const restored = new Set(found.flatMap(restoredIn));
  return found.map((solution) => {
    const own = restoredIn(solution);
    const proposals = solution.proposals.map((p): Proposal => {
      const netns = p.edit.netns;
      return isMeantRule(p) && restored.has(netns) && !own.includes(netns) ? { ...p, kind: "bypass" } : p;
    });
    return { ...solution, proposals };
  });
}

function restoredIn({ edits }: Solution): readonly string[] {
  return edits.filter((edit) => edit.do === "set-ipset-entry").map((edit) => edit.netns);
}

function isMeantRule({ edit, departure }: Proposal): boolean {
  return (edit.do === "remove-rule" || edit.do === "set-policy") && departure < 1;
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
