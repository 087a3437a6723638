import { type Ip, sameIp } from "../../facts/ip.ts";
import { arrives, type Branch, failingLeg, type Walk } from "../walk/branch.ts";

/** A destination after NAT: of a Service's branches the one in question. */
export interface Focus {
  readonly ip: Ip;
  readonly port: number;
}

/** `delivered`: request and every reply of all branches in question. */
export type Judgement = "delivered" | "lost" | "unknown";

export function branchesOf(walk: Walk, focus: Focus | null): readonly Branch[] {
  if (focus === null) return walk.branches;
  return walk.branches.filter((b) => sameIp(b.destination.ip, focus.ip) && b.destination.port === focus.port);
}

/** With the focused destination gone (an edit took a translation away) every branch that is left has to arrive. */
export function judgeWalk(walk: Walk, focus: Focus | null): Judgement {
  const focused = branchesOf(walk, focus);
  const branches = focused.length > 0 ? focused : walk.branches;
  const verdicts = branches.map(arrives);
  if (verdicts.includes(false)) return "lost";
  return verdicts.length > 0 && verdicts.every((v) => v === true) ? "delivered" : "unknown";
}

/** The first branch in question that does not arrive, or is not known to, and the leg on which it ends. */
export function firstFailure(walk: Walk, focus: Focus | null): { readonly branch: Branch; readonly at: Branch } | null {
  const focused = branchesOf(walk, focus);
  for (const branch of focused.length > 0 ? focused : walk.branches) {
    if (arrives(branch) === true) continue;
    const leg = failingLeg(branch);
    if (leg !== null) return { branch, at: leg.at };
  }
  return null;
}
