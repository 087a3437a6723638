import { contains, type Prefix } from "../../../facts/ip.ts";
import type { Match, PortRange } from "../../../facts/ruleset.ts";
import type { CtState } from "../packet.ts";
import { type Maybe, negateIf } from "../../../facts/maybe.ts";
import { hasDestinationNat, hasSourceNat } from "./connection.ts";
import type { Connection } from "./contract.ts";

type ConntrackMatch = Extract<
  Match,
  | { match: "ct-state" }
  | { match: "ct-direction" }
  | { match: "ct-orig-src" | "ct-orig-dst" }
  | { match: "ct-orig-dport" }
>;

/**
 * xt_conntrack.c, xt_connmark.c. Without a connection only the state is judged (INVALID or UNTRACKED); every other
 * question is then answered by no, negated or not.
 */
export function matchConntrack(match: ConntrackMatch, ct: CtState, connection: Connection | null): Maybe {
  if (match.match === "ct-state") {
    return negateIf(
      match.negate,
      match.states.some((state) => holdsState(state, ct, connection)),
    );
  }
  if (connection === null) return false;
  const { original } = connection;
  switch (match.match) {
    case "ct-direction":
      return (match.direction === connection.direction) !== match.negate;
    case "ct-orig-src":
      return within(match.prefixes, original.src) !== match.negate;
    case "ct-orig-dst":
      return within(match.prefixes, original.dst) !== match.negate;
    case "ct-orig-dport":
      return inRanges(match.ranges, original.dport) !== match.negate;
  }
}

/** SNAT and DNAT are pseudo states: that the connection is translated, in whatever direction this packet goes. */
function holdsState(state: string, ct: CtState, connection: Connection | null): boolean {
  if (state === "SNAT") return connection !== null && hasSourceNat(connection);
  if (state === "DNAT") return connection !== null && hasDestinationNat(connection);
  return state === ct;
}

function within(prefixes: readonly Prefix[], ip: Parameters<typeof contains>[1]): boolean {
  return prefixes.some((prefix) => contains(prefix, ip));
}

export function inRanges(ranges: readonly PortRange[], port: number): boolean {
  return ranges.some(([low, high]) => low <= port && port <= high);
}
