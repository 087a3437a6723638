import type { World } from "../../../facts/world.ts";
import type { Branch, Flow, Step } from "../../walk/branch.ts";
import type { Edit } from "../../walk/edits/edit.ts";
import { applyEdit } from "../../walk/edits/edit-kinds.ts";
import { walk } from "../../walk/walk.ts";
import { type Focus, firstFailure, judgeWalk } from "../goal.ts";

/** What a single edit does to a flow that is lost. */
export type Effect = "heals" | "moves-downstream" | "none" | "unknown";

/** An edit without effect is no cause, whatever else it is part of. */
export function effectOf(world: World, flow: Flow, edit: Edit, focus: Focus | null = null): Effect {
  const edited = applyEdit(world, edit);
  if (edited === world) return "none";
  const before = firstFailure(walk(world, flow), focus);
  const walked = walk(edited, flow);
  const judgement = judgeWalk(walked, focus);
  if (judgement === "unknown") return "unknown";
  if (before === null) return "none";
  if (judgement === "delivered") return "heals";
  const after = firstFailure(walked, focus);
  return after !== null && isFurther(before, after) ? "moves-downstream" : "none";
}

interface Failure {
  readonly branch: Branch;
  readonly at: Branch;
}

/** On the reply where it was the request before; else past the step at which it ended, by the same way up to there. */
function isFurther(before: Failure, after: Failure): boolean {
  const wasReply = before.at !== before.branch;
  const isReply = after.at !== after.branch;
  if (wasReply !== isReply) return isReply;
  const old = before.at.steps;
  const now = after.at.steps;
  if (now.length <= old.length) return false;
  return old.slice(0, -1).every((step, i) => samePlace(step, now[i]));
}

function samePlace(a: Step, b: Step | undefined): boolean {
  return b !== undefined && a.kind === b.kind && a.netns === b.netns && a.link === b.link;
}
