import type { VerdictCause } from "../../verdict/verdict.ts";

/** Objects that one takes away where they should not be. */
const REMOVABLE = /^(rule|ip rule|route|neigh|fdb|ipset|conntrack) /;

/**
 * What a value that is null means: what is wanted and not found is absent, what is found and not wanted shall go. Of what no single value
 * would mend (a policy, a full queue, a node) null says nothing.
 */
export function whatNullMeans({ object, found, wanted }: Pick<VerdictCause, "object" | "found" | "wanted">): {
  readonly isAbsent: boolean;
  readonly isToGo: boolean;
} {
  return {
    isAbsent: found === null && wanted !== null,
    isToGo: wanted === null && found !== null && REMOVABLE.test(object),
  };
}
