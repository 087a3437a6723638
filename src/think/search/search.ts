import type { Phrase } from "../../facts/phrase.ts";
import type { World } from "../../facts/world.ts";
import type { Flow, Walk } from "../walk/branch.ts";
import type { Edit } from "../walk/edits/edit.ts";
import { applyEdit, costOf, editKey } from "../walk/edits/edit-kinds.ts";
import type { Proposal } from "../walk/edits/edit-meaning.ts";
import { walk } from "../walk/walk.ts";
import { candidatesFor } from "./candidates.ts";
import { makeFrontier } from "./frontier.ts";
import { type Focus, firstFailure, judgeWalk } from "./goal.ts";
import { inPathOrder } from "./path-order.ts";
import { rank } from "./rank.ts";

export type Walker = (world: World, flow: Flow) => Walk;

export interface SearchOptions {
  /** Of several branches the one that is to arrive; null: all. */
  readonly focus?: Focus | null;
  /** Sets of edits dearer than this are not tried. */
  readonly maxCost?: number;
  readonly maxWalks?: number;
  /** By `nowMs`, whose origin does not matter. */
  readonly deadlineMs?: number;
  readonly nowMs?: () => number;
  /** Edits that would undo what is meant so: a denial that a NetworkPolicy declares. */
  readonly refuse?: (edit: Edit) => boolean;
}

/** A set of edits under which request and reply are delivered. */
export interface Solution {
  /** In the order of the path: the first is the cause, the others come after it. */
  readonly edits: readonly Edit[];
  readonly proposals: readonly Proposal[];
  readonly cost: number;
  /** The walk with the edits made. */
  readonly walk: Walk;
}

export interface SearchResult {
  /** Every set of the least cost, the most credible first; one of no edits when nothing is wrong. */
  readonly found: readonly Solution[];
  /** It stopped early, so there may be other sets that cost as little; or nothing was found and dearer sets were left out. */
  readonly bounded: boolean;
  /** Why it is not known how the flow goes as things are: then a solution is no proof that something is lost. Null: it is known. */
  readonly unknownAsIs: Phrase | null;
  /** Sets no dearer than the solutions whose walk ended in something unknown: they might be others. */
  readonly unjudged: readonly { readonly edits: readonly Edit[]; readonly why: Phrase }[];
  readonly walks: number;
  /** Sets that did not deliver and were tried further. */
  readonly expanded: number;
}

interface Node {
  readonly world: World;
  readonly proposals: readonly Proposal[];
}

/** Uniform-cost search for the least that would have to be otherwise for the flow to arrive; all sets that cost the same. */
export function search(world: World, flow: Flow, options: SearchOptions = {}): SearchResult {
  return searchWith(walk, world, flow, options);
}

/** @see search; with another walk. */
export function searchWith(walker: Walker, world: World, flow: Flow, options: SearchOptions = {}): SearchResult {
  const { focus = null, maxCost = 4, maxWalks = 500, deadlineMs = Number.POSITIVE_INFINITY } = options;
  const nowMs = options.nowMs ?? (() => 0);
  const refuse = options.refuse ?? (() => false);
  const frontier = makeFrontier<Node>();
  const seen = new Set<string>();
  const found: Solution[] = [];
  const unjudged: { edits: readonly Edit[]; why: Phrase; cost: number }[] = [];
  let interrupted = false;
  let leftOut = false;
  let unknownAsIs: Phrase | null = null;
  let asIs: Walk | null = null;
  let walks = 0;
  let expanded = 0;
  frontier.push({ world, proposals: [] }, 0);

  for (let next = frontier.pop(); next !== null; next = frontier.pop()) {
    const { item, cost } = next;
    const [best] = found;
    if (best !== undefined && cost > best.cost) break;
    if (walks >= maxWalks || nowMs() >= deadlineMs) {
      interrupted = true;
      break;
    }
    const walked = walker(item.world, flow);
    walks++;
    const judgement = judgeWalk(walked, focus);
    const edits = item.proposals.map((p) => p.edit);
    if (judgement === "delivered") {
      const proposals = inPathOrder(item.proposals, walked, focus);
      found.push({ edits: proposals.map((p) => p.edit), proposals, cost, walk: walked });
      continue;
    }
    if (judgement === "unknown" && edits.length > 0) unjudged.push({ edits, why: whyUnknown(walked), cost });
    if (judgement === "unknown" && edits.length === 0) unknownAsIs = whyUnknown(walked);
    asIs ??= walked;
    const failure = firstFailure(walked, focus);
    if (best !== undefined || failure === null) continue;
    expanded++;
    for (const proposal of candidatesFor(item.world, failure.branch, failure.at, refuse)) {
      const childCost = cost + costOf(proposal);
      if (childCost > maxCost) {
        leftOut = true;
        continue;
      }
      const proposals = [...item.proposals, proposal];
      const key = proposals
        .map((p) => editKey(p.edit))
        .sort()
        .join("\n\n");
      if (seen.has(key)) continue;
      seen.add(key);
      const child = applyEdit(item.world, proposal.edit);
      if (child !== item.world) frontier.push({ world: child, proposals }, childCost);
    }
  }
  return {
    found: asIs === null ? found : rank(found, asIs, focus),
    bounded: interrupted || (leftOut && found.length === 0),
    unknownAsIs,
    unjudged: unjudged.filter(({ cost }) => cost <= (found[0]?.cost ?? cost)),
    walks,
    expanded,
  };
}

function whyUnknown(walk: Walk): Phrase {
  for (const branch of walk.branches) {
    const why = branch.unknown?.why ?? branch.reply.find((r) => r.unknown !== null)?.unknown?.why;
    if (why !== undefined) return why;
  }
  return "no branch of the walk heads to the destination";
}
