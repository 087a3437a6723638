import { type Ip, sameIp } from "../../facts/ip.ts";
import { type NetnsId, netnsNameOf, nodeOf } from "../../facts/provenance.ts";
import type { World } from "../../facts/world.ts";
import { nameFinding } from "../causes/catalogue.ts";
import type { ApiRepair } from "../intent/api-repair.ts";
import type { Served } from "../intent/served.ts";
import type { WrongTargetPort } from "../intent/target-port.ts";
import type { Permission } from "../intent/policy/permits.ts";
import type { Branch, Flow } from "../walk/branch.ts";
import type { Edit } from "../walk/edits/edit.ts";
import { applyEdits, isOfAll } from "../walk/edits/edit-kinds.ts";
import { innerIp } from "../walk/packet.ts";
import { closedPort } from "./closed-port.ts";
import { confidenceIn, contradicts } from "./confidence.ts";
import { duplicateAddress } from "./duplicate-address.ts";
import { duplicateMac, duplicateVtep } from "./duplicate-vtep.ts";
import { fabricCause, type Sizes } from "./fabric.ts";
import { fullQueue } from "./full-queue.ts";
import { confidenceInDenial, denialAt, meantDenial, opensFilter } from "./meant-denial.ts";
import { failureBehind, isWholeFor, nextStage } from "./series.ts";
import { isStoppedBefore, type SilentNode, silentCause } from "./silent.ts";
import { staleEndpoint } from "./stale-endpoint.ts";
import { staleTranslation } from "./stale-translation.ts";
import type { Suspect } from "./suspect.ts";
import { untranslated } from "./untranslated.ts";
import { ofService } from "./wrong-port.ts";

export type Confidence = "confirmed" | "likely" | "suspected";

/** One cheapest way to deliver request and reply. */
export interface Correction {
  /** In the order of the path. */
  readonly edits: readonly Edit[];
  /** It reverts what departs; a bypass never is a cause. */
  readonly isCure: boolean;
  /** The suspect's branch with the edits made; null when its destination is gone. */
  readonly healed: Branch | null;
}

/** A mechanism, the fact that it rests on, and how sure that is. */
export interface NamedCause {
  readonly id: string;
  /** Null for what no node owns. */
  readonly node: string | null;
  readonly netns: string | null;
  readonly object: string;
  readonly found: string | null;
  readonly wanted: string | null;
  readonly params: Readonly<Record<string, string>>;
  readonly confidence: Confidence;
  /** What a repair of this cause would change. */
  readonly edits: readonly Edit[];
  /** The edits deliver by themselves: nothing is broken behind them on this path. */
  readonly proven: boolean;
  /** What would mend the object of the API that is at fault; absent where none is, or none is clear. */
  readonly api?: ApiRepair | null;
  /** What the API says of a Service decides, wherever behind it the packet is lost; absent where the place of the loss decides. */
  readonly restsOnObjects?: true;
  readonly suspects: readonly Suspect[];
}

export interface Evidence {
  readonly world: World;
  /** All ties at the least cost, best first; empty when there is none within the bound. */
  readonly corrections: (suspect: Suspect) => readonly Correction[];
  /** False when the search stopped before it had tried all that cost as little. */
  readonly isComplete: (suspect: Suspect) => boolean;
  readonly describe: (edit: Edit) => {
    readonly object: string;
    readonly found: string | null;
    readonly wanted: string | null;
  };
  /** The Service whose address that is, and its endpoints; null where every node need not translate it. */
  readonly servedAt: (ip: Ip, port: number, protocol: string) => Served | null;
  /** The API lists it among some Service's endpoints, ready or not. */
  readonly isEndpoint: (ip: Ip, port: number) => boolean;
  /** What the declared policies mean for a request that went this way. */
  readonly permission: (flow: Flow, at: Branch) => Permission;
  /** The Service that leads there by mistake, where nothing listens; null where none does. */
  readonly wrongTargetPort: (ip: Ip, port: number, protocol: string) => WrongTargetPort | null;
  /** A kernel that was asked answered otherwise than the walk. */
  readonly kernelDissents: (suspect: Suspect) => boolean;
  /** Whose namespace an address is in by the API; null where that does not tell. */
  readonly ownerOf: (address: Ip) => NetnsId | null;
  /** The namespaces of all pods that the API gives an address to. */
  readonly holdersOf: (address: Ip) => readonly NetnsId[];
  /** The machine behind an address, where it has gone silent. */
  readonly silentAt: (address: Ip) => SilentNode | null;
  /** Which lengths get across where the suspect's were lost; null where it is not known to be a matter of length. */
  readonly sizes: (suspect: Suspect) => Sizes | null;
  /** A kernel counts such losses, and counted none while these tries were lost. */
  readonly countersRest: (suspect: Suspect) => boolean;
}

/**
 * Names what stops each suspect; suspects with one cause are joined. The surest first; of those the one that most failures met
 * before any other.
 */
export function explain(suspects: readonly Suspect[], evidence: Evidence): readonly NamedCause[] {
  const joined = new Map<string, { readonly cause: NamedCause; readonly stopped: number }>();
  for (const suspect of suspects) {
    for (const [index, cause] of causesOf(suspect, evidence).entries()) {
      const key = [cause.id, cause.node, cause.netns, cause.object].join("\n");
      const before = joined.get(key);
      joined.set(key, {
        cause: before === undefined ? cause : join(before.cause, cause),
        stopped: (before?.stopped ?? 0) + (index === 0 ? suspect.failed : 0),
      });
    }
  }
  return [...joined.values()]
    .sort(
      (a, b) =>
        rank(a.cause.confidence) - rank(b.cause.confidence) ||
        b.stopped - a.stopped ||
        b.cause.suspects.length - a.cause.suspects.length,
    )
    .map(({ cause }) => cause);
}

function causesOf(suspect: Suspect, evidence: Evidence): readonly NamedCause[] {
  const { predicted } = suspect;
  const isLost = suspect.failed > 0 || suspect.attempts === 0;
  const silent = isLost ? evidence.silentAt(suspect.branch.destination.ip) : null;
  if (silent !== null && !isStoppedBefore(suspect)) return [silentCause([suspect], silent)];
  // Between prediction and witness the witness wins: a walk that ends elsewhere explains nothing.
  if (predicted === null || isDisproved(suspect)) {
    return fabricCause(suspect, evidence.world, evidence.sizes(suspect));
  }
  const kernelDissents = evidence.kernelDissents(suspect);
  const denial = denialAt(predicted, suspect.tried.flow, evidence);
  if (denial?.isMeant === true) {
    return [meantDenial(suspect, denial.permission, confidenceInDenial(suspect, kernelDissents))];
  }
  const stale = staleEndpoint(suspect, evidence.world, evidence.servedAt, kernelDissents);
  if (stale.length > 0) return stale;
  const left = staleTranslation(suspect, evidence, kernelDissents);
  if (left.length > 0) return left;
  const duplicate = duplicateAddress(suspect, evidence.world, evidence.holdersOf, kernelDissents);
  if (duplicate.length > 0) return duplicate;
  const cloned = duplicateMac(suspect, evidence.world, kernelDissents);
  if (cloned.length > 0) return cloned;
  const cures = evidence.corrections(suspect).filter((c) => c.isCure);
  const [best] = cures;
  if (best === undefined) {
    const shared = duplicateVtep(suspect, evidence.world, kernelDissents);
    if (shared.length > 0) return shared;
    const asItWas = untranslated(suspect, evidence.world, evidence.servedAt, kernelDissents);
    if (asItWas.length > 0) return asItWas;
    const { ip, port } = predicted.at.destination;
    const owner = evidence.ownerOf(ip);
    const isSomebodyElses = owner !== null && owner !== predicted.at.netns;
    const wrong = evidence.wrongTargetPort(ip, port, suspect.tried.flow.protocol);
    return [
      ...fullQueue(suspect, evidence.world, { kernelDissents, countersRest: evidence.countersRest(suspect) }),
      ...closedPort(suspect, evidence.world, { kernelDissents, isSomebodyElses }).map((closed) =>
        wrong === null ? closed : ofService(closed, suspect, wrong, evidence.world),
      ),
    ];
  }
  const { edits, healed } = best;
  const isUnique = cures.length === 1 && evidence.isComplete(suspect);
  const countersRest = evidence.countersRest(suspect);
  // Whether a policy means it is not known: then it may be no fault at all.
  const isMeantPerhaps = denial !== null && edits.some(opensFilter);
  const confidence = isMeantPerhaps
    ? "suspected"
    : confidenceIn(suspect, { edits, healed, isUnique, kernelDissents, countersRest });
  // What comes behind the first waits for its repair; of several ways to go on none is sure.
  const later = confidence === "suspected" || cures.length > 1 ? "suspected" : "likely";
  return nameEdits(edits, suspect, { first: confidence, later }, evidence);
}

/** The packets went on, or somebody answered, where the walk ends without either. */
function isDisproved(suspect: Suspect): boolean {
  const { predicted, witness, wentOn, outcomes } = suspect;
  if (witness === "dissent") return true;
  if (outcomes.length > 0 && outcomes.every((outcome) => contradicts(outcome, suspect))) return true;
  // What could not be judged let it pass.
  return predicted?.at.end === "UNKNOWN" && wentOn;
}

/** A later failure tells by whom its packet is for which way it was going. */
function legOf({ predicted, tried: { flow } }: Suspect, at: Branch): "request" | "reply" {
  if (at === predicted?.at) return predicted.leg;
  const sent = at.steps[0]?.packet;
  return sent !== undefined && sameIp(innerIp(sent).dst, flow.dst) ? "request" : "reply";
}

/**
 * Causes in series: what moves the failure on comes first, whatever is left then comes behind it. What the walk cannot judge
 * and no packet has reached yet is neither predicted nor met.
 */
function nameEdits(
  edits: readonly Edit[],
  suspect: Suspect,
  confidence: { readonly first: Confidence; readonly later: Confidence },
  evidence: Evidence,
): readonly NamedCause[] {
  const { flow } = suspect.tried;
  const focus = suspect.branch.destination;
  const causes: NamedCause[] = [];
  let world = evidence.world;
  let at = suspect.predicted?.at ?? null;
  let rest = edits;
  while (rest.length > 0 && at !== null) {
    const denial = denialAt({ leg: legOf(suspect, at), at }, flow, evidence);
    if (denial?.isMeant === true) {
      causes.push(meantDenial(suspect, denial.permission, confidence.later));
      break;
    }
    const stage = nextStage(world, flow, focus, at, rest);
    rest = stage.edits;
    const finding = nameFinding({ world, at, edits: rest });
    const covers = Math.max(finding?.recognised.covers ?? 1, stage.needed);
    const edit = rest[finding?.recognised.object ?? 0];
    if (edit === undefined) break;
    const described = evidence.describe(edit);
    const netns = netnsNameOf(edit.netns);
    const node = nodeOf(edit.netns);
    const mine = rest.slice(0, covers);
    // What every peer has may be meant, and something else missing.
    const isShared = mine.some((one) => isOfAll(world, one));
    const isOpen = at.end === "UNKNOWN" || (denial !== null && mine.some(opensFilter));
    const surest = causes.length === 0 ? confidence.first : isOpen ? "suspected" : confidence.later;
    causes.push({
      id: finding?.cause.id ?? "unnamed",
      node,
      netns,
      ...described,
      params: { ...finding?.recognised.params, node, netns, object: described.object, ...texts(described) },
      confidence: isShared && surest === "confirmed" ? "likely" : surest,
      edits: inMakingOrder(mine),
      proven: covers === edits.length,
      suspects: [suspect],
    });
    rest = rest.slice(covers);
    world = applyEdits(world, mine);
    const { branch, predicted } = suspect;
    if (rest.length === 0 || predicted === null || isWholeFor(world, flow, focus, branch, predicted.at)) break;
    at = failureBehind(world, flow, focus, branch, predicted.at);
  }
  return causes;
}

/** Links first: the kernel takes no route by a link that is down (fib_check_nh, "Device for nexthop is not up"). */
function inMakingOrder(edits: readonly Edit[]): readonly Edit[] {
  const isLink = (edit: Edit): boolean => edit.do === "set-link-up";
  return [...edits.filter(isLink), ...edits.filter((edit) => !isLink(edit))];
}

function texts({
  found,
  wanted,
}: {
  readonly found: string | null;
  readonly wanted: string | null;
}): Record<string, string> {
  return { ...(found === null ? {} : { found }), ...(wanted === null ? {} : { wanted }) };
}

function join(a: NamedCause, b: NamedCause): NamedCause {
  const [surer, other] = rank(a.confidence) <= rank(b.confidence) ? [a, b] : [b, a];
  return { ...surer, proven: surer.proven || other.proven, suspects: [...surer.suspects, ...other.suspects] };
}

function rank(confidence: Confidence): number {
  return ["confirmed", "likely", "suspected"].indexOf(confidence);
}
