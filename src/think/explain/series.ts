import { sameIp } from "../../facts/ip.ts";
import type { World } from "../../facts/world.ts";
import { readKey } from "../search/candidates.ts";
import { branchesOf, type Focus, firstFailure } from "../search/goal.ts";
import { arrives, type Branch, failingLeg, type Flow, type Step } from "../walk/branch.ts";
import type { Edit } from "../walk/edits/edit.ts";
import { applyEdit, applyEdits, touches } from "../walk/edits/edit-kinds.ts";
import { walk } from "../walk/walk.ts";

/** The failure as it is with the edits before made, and the fewest of those left that move it on. */
export interface Stage {
  /** The leg that ends badly. */
  readonly at: Branch;
  /** All that are left, those that move it on first. */
  readonly edits: readonly Edit[];
  /** So many of them are needed together: one alone may do nothing (two keys of which the greater counts). */
  readonly needed: number;
}

/** What is to be reverted next, of edits that deliver only together. */
export function nextStage(world: World, flow: Flow, focus: Focus, at: Branch, edits: readonly Edit[]): Stage {
  if (edits.length === 1) return { at, edits, needed: 1 };
  const whole = wholeWay(applyEdits(world, edits), flow, focus);
  const before = firstFailure(walk(world, flow), focus);
  const movesOn = (edited: World): boolean => {
    const after = firstFailure(walk(edited, flow), focus);
    if (after === null) return true;
    // What ends sooner than it did has not come on, it was only stopped by something else.
    const isBack = before !== null && sharedWith(whole, after) < sharedWith(whole, before);
    return !isBack && !isSameEnd(at, after.at);
  };
  // Where chance chooses among ways, the edits are for all of them: this failure is first for those that answer what ended it.
  const isOfThisEnd = (edit: Edit): boolean => at.decidedBy.some((read) => touches(edit, read));
  const inOrder = [...edits.filter(isOfThisEnd), ...edits.filter((edit) => !isOfThisEnd(edit))];
  const alone = inOrder.find((edit) => movesOn(applyEdit(world, edit)));
  if (alone !== undefined) return { at, edits: [alone, ...edits.filter((e) => e !== alone)], needed: 1 };
  let edited = world;
  for (const [i, edit] of edits.entries()) {
    edited = applyEdit(edited, edit);
    if (movesOn(edited)) return { at, edits, needed: i + 1 };
  }
  return { at, edits, needed: edits.length };
}

/** Where it ends with these made; null when it is delivered. */
export function failureAfter(world: World, flow: Flow, focus: Focus): Branch | null {
  return firstFailure(walk(world, flow), focus)?.at ?? null;
}

/**
 * Packets that came as far as these now arrive, and so does the answer: what is left to correct stops only those for which
 * chance chooses otherwise. Of a Service that was not translated before, at every endpoint.
 */
export function isWholeFor(world: World, flow: Flow, focus: Focus, branch: Branch, at: Branch): boolean {
  const come = tapsOf(at === branch ? at.steps : [...branch.steps, ...at.steps]);
  const walked = walk(world, flow);
  const focused = branchesOf(walked, focus);
  const ways = focused.length > 0 ? focused : walked.branches;
  const whole = ways.filter((way) =>
    way.reply.some((back) => {
      const taps = tapsOf([...way.steps, ...back.steps]);
      return arrives({ ...way, reply: [back] }) === true && come.every((tap, i) => tap === taps[i]);
    }),
  );
  return ways.every(({ destination: { ip, port } }) =>
    whole.some((way) => sameIp(way.destination.ip, ip) && way.destination.port === port),
  );
}

/** Where packets that came as far as these end now, by the way on which chance stops them last; any other where there is none. */
export function failureBehind(world: World, flow: Flow, focus: Focus, branch: Branch, at: Branch): Branch | null {
  const come = tapsOf(at === branch ? at.steps : [...branch.steps, ...at.steps]);
  const walked = walk(world, flow);
  const ends = branchesOf(walked, focus).flatMap((way) => {
    const leg = arrives(way) === true ? null : failingLeg(way);
    if (leg === null) return [];
    const taps = tapsOf(leg.at === way ? way.steps : [...way.steps, ...leg.at.steps]);
    return come.every((tap, i) => tap === taps[i]) ? [{ at: leg.at, far: taps.length }] : [];
  });
  const furthest = Math.max(...ends.map((end) => end.far));
  return ends.findLast((end) => end.far === furthest)?.at ?? failureAfter(world, flow, focus);
}

/** The taps that a packet passes with all edits made, there and back. */
function wholeWay(world: World, flow: Flow, focus: Focus): readonly string[] {
  const walked = walk(world, flow);
  const branch = branchesOf(walked, focus)[0] ?? walked.branches[0];
  return branch === undefined ? [] : tapsOf([...branch.steps, ...(branch.reply[0]?.steps ?? [])]);
}

/** How much of that way it goes before it fails. */
function sharedWith(
  whole: readonly string[],
  { branch, at }: { readonly branch: Branch; readonly at: Branch },
): number {
  const taps = tapsOf(at === branch ? at.steps : [...branch.steps, ...at.steps]);
  const parted = taps.findIndex((tap, i) => tap !== whole[i]);
  return parted < 0 ? taps.length : parted;
}

function tapsOf(steps: readonly Step[]): readonly string[] {
  return steps.flatMap((s) => (s.kind === "tap-in" || s.kind === "tap-out" ? [`${s.kind} ${s.netns} ${s.link}`] : []));
}

/** Stopped in the same way at the same place, by the same rule where it was one. */
function isSameEnd(a: Branch, b: Branch): boolean {
  return endText(a) === endText(b);
}

function endText({ end, netns, link, steps, decidedBy }: Branch): string {
  const rules = decidedBy.filter((read) => read.of === "rule");
  return [end, netns, link, ...tapsOf(steps), ...rules.map(readKey)].join("\n");
}
