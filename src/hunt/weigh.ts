import { podKey } from "../facts/cluster.ts";
import { sameIp } from "../facts/ip.ts";
import type { Netns } from "../facts/netns.ts";
import { type NetnsId, netnsId, nodeOf } from "../facts/provenance.ts";
import type { NamedCause } from "../think/explain/explain.ts";
import { type SilentNode, silentCause } from "../think/explain/silent.ts";
import type { Suspect, Tried } from "../think/explain/suspect.ts";
import type { Target } from "../think/symptom/target.ts";
import { type Branch, isUnknown, type Walk } from "../think/walk/branch.ts";
import { walk } from "../think/walk/walk.ts";
import { isServiceStillSo, readAgain, withNeighboursOfNow } from "./again.ts";
import { mainSuspect } from "./conclude.ts";
import type { Examination } from "./examination.ts";
import type { Investigation } from "./investigation.ts";
import type { Field, Notebook } from "./field.ts";
import { hasDeadBranch, isLostOnRecord } from "./outcome.ts";
import { type Reckoning, reckon } from "./reckon.ts";
import { isLetIn, type ObjectFault } from "./rungs/object-fault.ts";
import { type Moved, mostMoved } from "./rungs/probes.ts";
import { gotThrough } from "../witness/probe/probe.ts";
import type { Tries } from "./tries.ts";

/** What the three voices make of the tries. */
export interface Weighed {
  /** The symptom's own flows, and the probes that help to see it. */
  readonly own: readonly Tried[];
  readonly beside: readonly Tried[];
  /** The object that is at fault, when one is. */
  readonly fault: ObjectFault | null;
  /** Nodes that could not be read, and gave their neighbours no sign of life. */
  readonly silent: readonly SilentNode[];
  readonly reckoning: Reckoning;
  /** The surest first, without those that an object at fault explains. */
  readonly causes: readonly NamedCause[];
  /** What the verdict is about. */
  readonly main: Suspect | null;
  /** Its branch with the cheapest correction made. */
  readonly healed: Branch | null;
  readonly moved: Moved;
  readonly reasons: Examination["reasons"];
  readonly lostTaps: readonly NetnsId[];
  readonly symptomFailed: boolean;
  /** The namespaces that decide about the main suspect, read again after the probes. */
  readonly fresh: readonly Netns[] | null;
  /** The Service that the first cause rests on, and whether it is what it was (null: not read again); null where it rests on none. */
  readonly objectsAgain: { readonly object: string; readonly isSo: boolean | null } | null;
  readonly timings: { readonly searchMs: number; readonly againMs: number };
}

/** Sets what was seen against what is foretold, and then reads again what decides. */
export async function weigh(
  field: Field,
  tries: Tries,
  silent: readonly SilentNode[],
  notebook: Notebook,
): Promise<Weighed> {
  const { target, faced, behind, objects, recording } = tries;
  const { pendsOn = [] } = objects.fault ?? {};
  const gone = silent.filter(({ node }) => pendsOn.includes(node));
  // No pod can be ready on a machine that has gone: that is what is wrong, and the object is as it should be.
  const isForGone = pendsOn.length > 0 && pendsOn.every((node) => gone.some((one) => one.node === node));
  const keepsOut = (walked: Walk): boolean => !isLetIn(walked, objects.endpoints);
  const asked = (behind ?? faced).symptom.map((e) => e.tried.walk);
  const fault = isForGone || (asked.length > 0 && !asked.some(keepsOut)) ? null : objects.fault;
  const startedAt = field.now();
  const investigations = behind === null ? [faced] : [faced, behind];
  // Where the symptom's own packets arrive and only the gateway complains, its flow is the one to explain.
  const toExplain =
    behind !== null && faced.symptom.every((e) => e.tried.tries.every((t) => t.answered)) ? [behind] : investigations;
  const tried = {
    own: toExplain.flatMap((i) => [...i.symptom, ...i.adopted, ...(isHeadless(i) ? i.direct : [])]).map((e) => e.tried),
    beside: toExplain.flatMap((i) => [...(isHeadless(i) ? [] : i.direct), ...i.home]).map((e) => e.tried),
  };
  const examinations = investigations.map((i) => i.examination);
  const moved = mostMoved(examinations.map((e) => e.moved));
  const { own, beside, reckoning } = await reckonTwice(field, tried, moved, silent, notebook);
  const reckonedAt = field.now();
  const { suspects, agreements, askedAt } = reckoning;
  const questions = new Set([...agreements.values()].flat()).size;
  if (questions > 0) notebook.happened(startedAt, askedAt, "kernels-asked", { questions });
  if (suspects.length > 0) notebook.happened(askedAt, reckonedAt, "cause-searched", { failures: suspects.length });
  // What a Service without endpoints rejects, it rejects for want of endpoints: the object is the cause, not the rule.
  const about = behind?.target ?? target;
  const isAt = ({ tried: { flow } }: Suspect, { ip, alsoAt = [] }: Target): boolean =>
    [ip, ...alsoAt].some((own) => sameIp(flow.dst, own));
  const isKeptOut = ({ tried }: Suspect): boolean => fault === null || keepsOut(tried.walk);
  const isOfObject = (s: Suspect): boolean => (isAt(s, about) || isAt(s, target)) && isKeptOut(s);
  const ofObject = suspects.filter(isOfObject);
  const others = reckoning.causes.filter((c) => !c.suspects.every(isOfObject));
  const causes = isForGone
    ? [...gone.map((one) => silentCause(ofObject, one)), ...others]
    : fault === null
      ? reckoning.causes
      : others;
  const main =
    (fault === null
      ? null
      : mainSuspect(
          [],
          suspects.filter((s) => isAt(s, about) && isKeptOut(s)),
        )) ?? mainSuspect(causes, suspects);
  const lostTaps = examinations.flatMap((e) => e.reports.filter((r) => !r.trustworthy).map((r) => r.netns));
  const isMet = main !== null && main.failed > 0 && recording === null;
  const [cause] = causes;
  const ofCause = cause?.node == null ? [] : [netnsId(cause.node, cause.netns ?? "host")];
  const fresh = isMet && main.predicted !== null ? await readAgain(field, [main.predicted.at.netns, ...ofCause]) : null;
  const node = main?.predicted == null ? null : nodeOf(main.predicted.at.netns);
  if (isMet && node !== null)
    notebook.happened(reckonedAt, field.now(), "read-again", { node, isRead: fresh !== null });
  const isOfObjects = fault !== null || causes[0]?.restsOnObjects === true;
  const restsOn = isOfObjects ? (about.service?.object ?? null) : null;
  const answers = [...faced.symptom, ...(isHeadless(faced) ? faced.direct : [])].flatMap((e) => e.result.answers);
  return {
    own,
    beside,
    fault,
    silent,
    reckoning,
    causes,
    main,
    healed: main === null ? null : reckoning.healed(main),
    moved,
    reasons: examinations.flatMap((e) => e.reasons),
    lostTaps: [...new Set(lostTaps)],
    fresh,
    objectsAgain:
      restsOn === null || recording !== null
        ? null
        : { object: `Service ${podKey(restsOn)}`, isSo: await isServiceStillSo(field, restsOn) },
    timings: { searchMs: reckonedAt - startedAt, againMs: field.now() - reckonedAt },
    symptomFailed:
      answers.some((a) => !gotThrough(a.outcome) || (a.httpStatus ?? 0) >= 500) ||
      faced.adopted.some((e) => e.tried.tries.some((t) => !t.answered)) ||
      hasDeadBranch(faced) ||
      (recording !== null && investigations.some(isLostOnRecord)),
  };
}

/** A headless Service's name stands for each of its endpoints: to ask them is the symptom itself. */
function isHeadless({ target }: Investigation): boolean {
  return target.service?.through === "headless";
}

interface Reckoned {
  readonly own: readonly Tried[];
  readonly beside: readonly Tried[];
  readonly reckoning: Reckoning;
}

/** Where what was read before the tries explains nothing, with the neighbours that the tries have made known. */
async function reckonTwice(
  field: Field,
  { own, beside }: Omit<Reckoned, "reckoning">,
  moved: Moved,
  silent: readonly SilentNode[],
  notebook: Notebook,
): Promise<Reckoned> {
  const first = { own, beside, reckoning: await reckon(field, own, beside, moved, silent, notebook) };
  if (field.reader.offline || isExplained(first)) return first;
  // Where the walk lost its way, and from where something was last seen to where it should have been seen next.
  const lost = first.reckoning.suspects.filter(({ failed }) => failed > 0);
  const ends = lost.flatMap(({ lastHop, next, tried, branch }) => [
    ...[branch, ...branch.reply].filter(isUnknown).map((leg) => leg.netns),
    lastHop?.netns ?? tried.flow.from,
    ...(next === null ? [] : [next.netns]),
  ]);
  const world = await withNeighboursOfNow(field, ends);
  if (world === null) return first;
  const anew = (tried: Tried): Tried => ({ ...tried, walk: walk(world, tried.flow) });
  const then = { own: own.map(anew), beside: beside.map(anew) };
  if (own.every((tried, i) => endsOf(tried.walk) === endsOf(then.own[i]?.walk))) return first;
  const reckoning = await reckon({ ...field, world }, then.own, then.beside, moved, silent, notebook);
  const second = { ...then, reckoning };
  return isExplained(second) ? second : first;
}

function endsOf(walked: Walk | undefined): string {
  return JSON.stringify(walked?.branches.map((b) => [b, ...b.reply].map(({ netns, link, end }) => [netns, link, end])));
}

function isExplained({ own, reckoning }: Reckoned): boolean {
  const hasFailed = own.some(({ tries }) => tries.some(({ answered }) => !answered));
  return !hasFailed || reckoning.causes.some(({ confidence }) => confidence !== "suspected");
}
