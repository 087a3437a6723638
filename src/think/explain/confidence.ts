import { touches } from "../walk/edits/edit-kinds.ts";
import type { Edit } from "../walk/edits/edit.ts";
import { arrives, type Branch } from "../walk/branch.ts";
import type { Disposition } from "../walk/dispositions.ts";
import type { Confidence } from "./explain.ts";
import { expectedPoints, type Point, samePlace } from "./points.ts";
import type { Suspect } from "./suspect.ts";

/** What speaks for and against the best cure of a suspect. */
export interface Weighed {
  /** In the order of the path; the first is the cause. */
  readonly edits: readonly Edit[];
  /** The branch with the edits made; null when it is not known. */
  readonly healed: Branch | null;
  /** No other cure costs as little, and none was left untried. */
  readonly isUnique: boolean;
  readonly kernelDissents: boolean;
  /** Counters that rise with every packet lost so did not: these were lost in another way. */
  readonly countersRest: boolean;
}

/** How sure it is that this cure reverts what stops these tries. */
export function confidenceIn(suspect: Suspect, cure: Weighed): Confidence {
  const { predicted } = suspect;
  if (predicted === null || cure.countersRest || wasTriedElsewhere(suspect) || hasCrossed(suspect)) {
    return "suspected";
  }
  const isWitnessed = suspect.witness === "agree" && suspect.failed > 0;
  const isLost = arrives(suspect.branch) === false;
  // That a walk ends in the unknown is no prediction: what is corrected has to be what it could not judge.
  if (!isLost && !(isWitnessed && (predicted.at.end !== "UNKNOWN" || isAboutTheUnknown(predicted.at, cure.edits)))) {
    return "suspected";
  }
  if (cure.kernelDissents && suspect.witness === "unwitnessed") return "suspected";
  const isCertain =
    isWitnessed &&
    cure.isUnique &&
    !cure.kernelDissents &&
    predicted.at.end !== "UNKNOWN" &&
    isAbsentAfter(suspect, cure.healed) &&
    !suspect.outcomes.some((outcome) => contradicts(outcome, suspect));
  return isCertain ? "confirmed" : "likely";
}

/** Tries were made, and none of them took this branch: it may be as lost as the walk says, but nobody met that. */
function wasTriedElsewhere({ attempts, tried }: Suspect): boolean {
  return attempts === 0 && tried.tries.length > 0;
}

/** Tries got through by this very branch: whatever stopped the others, the walk is wrong about it. Of several ways back one may be whole. */
function hasCrossed({ branch, attempts, failed }: Suspect): boolean {
  const mayArrive = branch.reply.some((back) => back.end === "DELIVERED");
  return arrives(branch) === false && !mayArrive && attempts > failed;
}

function isAboutTheUnknown(at: Branch, edits: readonly Edit[]): boolean {
  const [first] = edits;
  return first !== undefined && at.decidedBy.some((read) => touches(first, read));
}

/**
 * That it was not seen where it would come next with the cure made is proof only if the tap there heard everything. Where
 * nothing comes next, that the try failed is the proof.
 */
function isAbsentAfter({ branch, predicted, tried }: Suspect, healed: Branch | null): boolean {
  const last = expectedPoints(branch).at(-1) ?? null;
  const way = healed === null ? [] : expectedPoints(healed);
  const at = last === null ? -1 : way.findLastIndex((p) => samePlace(p, last));
  if (last !== null && at < 0) {
    // The cure leads another way: then both the place where it was last and the one where it ended have to be quiet.
    return [last.netns, predicted?.at.netns ?? last.netns].every((netns) => tried.trusted.has(netns));
  }
  const next: Point | undefined = way[at + 1];
  return next === undefined || tried.trusted.has(next.netns);
}

/** Ends of which the sender may hear ECONNREFUSED: a reset, or "port unreachable". */
const MAY_REFUSE: ReadonlySet<Disposition> = new Set(["NETFILTER_REJECT", "PORT_CLOSED", "UNKNOWN", "LEFT_CLUSTER"]);

/** Somebody refused it, which what the walk predicts does in silence. */
export function contradicts(outcome: string, { predicted }: Pick<Suspect, "predicted">): boolean {
  if (predicted === null || outcome !== "refused") return false;
  return predicted.leg === "reply" || !MAY_REFUSE.has(predicted.at.end);
}
