import { phrase } from "../../facts/phrase.ts";
import { type NetnsName, netnsNameOf, nodeOf } from "../../facts/provenance.ts";
import type { Edit } from "../../think/walk/edits/edit.ts";
import type { Repair, Verdict } from "../../verdict/verdict.ts";
import { ChangeError } from "../change-error.ts";
import type { BoundRepair } from "./kind.ts";
import { kindOf, kindOfEdit } from "./registry.ts";

export interface PlannedStep {
  /** `repairs[]` of the verdict, its commands derived anew. */
  readonly repair: Repair;
  readonly netns: NetnsName;
  readonly bound: BoundRepair;
  /** What the verdict found there: null when absent, undefined when it does not say. */
  readonly found: string | null | undefined;
  /** What the verdict wants there, in the same way. */
  readonly wanted: string | null | undefined;
}

export interface Plan {
  readonly symptom: string;
  readonly steps: readonly PlannedStep[];
  /** Steps that no program may take on a living node: for people. */
  readonly byHand: readonly PlannedStep[];
  /** Why it may not be applied; empty when it may. `--force` empties what can be forced. */
  readonly refusals: readonly ChangeError[];
}

/**
 * All repairs that are proven, with force all. Ids and params are all that is taken from a verdict: commands are derived from
 * them. @throws ChangeError bad-params, unknown-repair
 */
export function planRepair(verdict: Verdict, options: { readonly force: boolean }): Plan {
  const chosen = verdict.repairs.filter((repair) => repair.kind !== "persistent" && (repair.proven || options.force));
  const planned = lastRuleFirst(chosen).map((repair) => planStep(repair, verdict));
  const steps = planned.filter((step) => !step.bound.byHand);
  const refusals: ChangeError[] = [];
  if (steps.length === 0) {
    const [manual] = planned;
    const unproven = verdict.repairs.find((repair) => !repair.proven);
    if (manual !== undefined) refusals.push(new ChangeError("by-hand", manual.repair.node, manual.repair.id));
    else if (unproven !== undefined) refusals.push(new ChangeError("not-proven", unproven.node, unproven.id));
    else
      refusals.push(new ChangeError("nothing-to-repair", null, phrase("diagnosed-as", { outcome: verdict.outcome })));
  }
  if (!options.force) {
    const { outcome, confidence } = verdict;
    if (outcome === "broken" && confidence !== "confirmed") {
      const why = confidence === null ? phrase("without-cause") : phrase("no-more-than", { confidence });
      refusals.push(new ChangeError("not-confirmed", null, why));
    }
    for (const { repair } of steps) {
      if (!repair.proven) refusals.push(new ChangeError("not-proven", repair.node, repair.id));
    }
  }
  const isForeign = verdict.cause !== null && steps.length > 0 && steps.every(isUnnamed);
  if (!options.force && (isForeign || steps.some(isOtherwise))) {
    refusals.push(new ChangeError("bad-params", null, steps.map(({ bound }) => bound.object).join(", ")));
  }
  return { symptom: verdict.symptom.input, steps, byHand: planned.filter((step) => step.bound.byHand), refusals };
}

/** A rule that goes moves those below it up: of several of one chain the lowest goes first, so that the numbers stay true. */
function lastRuleFirst(repairs: readonly Repair[]): readonly Repair[] {
  const chainOf = ({ id, node, params: p }: Repair): string =>
    [id, node, p.netns, p.backend, p.family, p.table, p.chain].join("\n");
  return repairs.map((repair) => {
    if (repair.id !== "remove-rule") return repair;
    const ofOneChain = repairs.filter((other) => chainOf(other) === chainOf(repair));
    const lowestFirst = ofOneChain.toSorted((a, b) => Number(b.params.number) - Number(a.params.number));
    return lowestFirst[ofOneChain.indexOf(repair)] ?? repair;
  });
}

/** None of the verdict's causes is about it: a cause may need several changes, but one of them is what it names. */
function isUnnamed(step: PlannedStep): boolean {
  return step.found === undefined;
}

/** The cause wants another value than the repair would write. */
function isOtherwise({ wanted, repair }: PlannedStep): boolean {
  return wanted != null && repair.params.value !== undefined && repair.params.value !== wanted;
}

function planStep(repair: Repair, verdict: Verdict): PlannedStep {
  const bound = kindOf(repair.id).bind(repair.params);
  if (bound.on === "node" && repair.node === null) throw new ChangeError("bad-params", null, `${repair.id}: no node`);
  const netns = repair.params.netns ?? "host";
  const causes = [...(verdict.cause === null ? [] : [verdict.cause]), ...verdict.otherCauses];
  const about = causes.find(
    (cause) =>
      cause.object === bound.object && cause.node === repair.node && (cause.netns === null || cause.netns === netns),
  );
  return {
    repair: { ...repair, commands: copied(bound.commands) },
    netns,
    bound,
    found: about?.found,
    wanted: about?.wanted,
  };
}

function copied(commands: readonly (readonly string[])[]): string[][] {
  return commands.map((argv) => [...argv]);
}

/** A proposed edit as a verdict's repair. Null when the edit cannot be said in parameters. */
export function repairOfEdit(edit: Edit, proven: boolean): Repair | null {
  const kind = kindOfEdit(edit);
  const fields = kind.fromEdit(edit);
  if (fields === null) return null;
  const netns = netnsNameOf(edit.netns);
  const params = netns === "host" ? fields : { ...fields, netns };
  return repairOf(kind.id, "runtime", nodeOf(edit.netns), params, proven);
}

/** A repair of an API object: `patch-service-selector` {namespace, name, selector}, `patch-service-target-port` {…, port, targetPort}. */
export function repairOfObject(
  id: "patch-service-selector" | "patch-service-target-port",
  params: Readonly<Record<string, string>>,
  proven: boolean,
): Repair | null {
  return repairOf(id, "api", null, { ...params }, proven);
}

function repairOf(
  id: string,
  kind: Repair["kind"],
  node: string | null,
  params: Record<string, string>,
  proven: boolean,
): Repair | null {
  try {
    return { id, kind, node, params, commands: copied(kindOf(id).bind(params).commands), proven };
  } catch (error) {
    if (error instanceof ChangeError) return null;
    throw error;
  }
}
