import { ChangeError } from "../change/change-error.ts";
import { applyPlan } from "../change/repair/apply.ts";
import { phrase } from "../facts/phrase.ts";
import { inspectPlan } from "../change/repair/inspect.ts";
import { persistWarnings } from "../change/repair/persist/sysctl-files.ts";
import { type Plan, planRepair } from "../change/repair/plan.ts";
import { planJson, stoppedJson } from "../tell/report/change-json.ts";
import {
  appliedText,
  errorText,
  headlineText,
  planText,
  stoppedText,
  type Warned,
} from "../tell/report/repair-text.ts";
import type { Style } from "../tell/report/terminal.ts";
import { verdictText } from "../tell/report/terminal.ts";
import { parseSymptom } from "../think/symptom/symptom.ts";
import { exitStatusOf, type Verdict } from "../verdict/verdict.ts";
import { type OpenForChange, openForChange, wayOf } from "./change-context.ts";
import { steadyNow } from "./clock.ts";
import { readVerdict, recallVerdict, type Remembered, rememberVerdict } from "./last-verdict.ts";
import type { RepairOptions } from "./repair.ts";
import { CliError, EXIT, Interrupted } from "./run.ts";
import { follow, inWords } from "./run-diagnose.ts";
import { settle } from "./settle.ts";
import { styleOf } from "./speech.ts";
import { writeJson } from "./write-json.ts";

/** Prints the plan; with --apply does it, reads it back, and tries the symptom again. */
export async function runRepair(
  file: string | null,
  typed: RepairOptions,
  isGiven: (name: string) => boolean,
  signal: AbortSignal,
): Promise<number> {
  const remembered: Remembered | null = file === null ? await recallVerdict() : await recallVerdict().catch(() => null);
  const verdict = file === null ? (remembered as Remembered).verdict : await readVerdict(file);
  // The way of the last diagnosis leads to the cluster of its own verdict, not of any other that has a node of that name.
  const own = isSame(remembered?.verdict, verdict) ? remembered : null;
  const options = wayOf(typed, own, isGiven);
  const style = styleOf(options);
  try {
    return await carryOut(verdict, own, options, style, signal);
  } catch (error) {
    if (options.output === "json" && error instanceof ChangeError) writeJson(planJson([], [], [], error, style.words));
    throw error;
  }
}

/** @throws ChangeError before there is a plan */
async function carryOut(
  verdict: Verdict,
  own: Remembered | null,
  options: RepairOptions,
  style: Style,
  signal: AbortSignal,
): Promise<number> {
  const isText = options.output === "text";
  const plan = planRepair(verdict, { force: options.force === true });
  if (options.bundle !== undefined) return planOffline(plan, verdict, options, style);
  const open = await openForChange(options, signal);
  try {
    const warned = await warningsOf(plan, open);
    const met = await inspectPlan(plan, { ...open.context, reader: open.transport });
    if (isText)
      process.stdout.write(
        `${planText(plan, met, warned, { ...style, isApplied: options.apply === true, isOffline: false, summary: headlineText(verdict, style) })}\n`,
      );
    const [refusal = null] = plan.refusals;
    if (!isText && (refusal !== null || options.apply !== true))
      writeJson(
        planJson(
          plan.steps,
          met.flatMap(({ losses }) => losses),
          warned,
          refusal,
          style.words,
        ),
      );
    if (refusal !== null) {
      process.stderr.write(`${errorText(refusal, style)}\n`);
      return EXIT.failed;
    }
    if (options.apply !== true) return EXIT.good;
    if (signal.aborted) throw new Interrupted();
    // Begun, it is not interrupted: a step is done and read back, or it is in the journal as what it is.
    const applied = await applyPlan(plan, open.context, {
      force: options.force === true,
      persist: options.persist === true,
    });
    if (isText) process.stdout.write(`${appliedText(applied, style)}\n`);
    if (applied.error !== null) {
      if (!isText) writeJson(stoppedJson(applied, style.words));
      process.stderr.write(`${stoppedText(applied.error, applied.unfinished, style)}\n`);
      return EXIT.failed;
    }
    await settle(signal);
    return await tryAgain(verdict, own, options, open, style);
  } finally {
    await open.transport.close();
  }
}

/** A recording cannot be asked what is so now, nor be changed: the plan is what the verdict's own repairs come to. */
function planOffline(plan: Plan, verdict: Verdict, options: RepairOptions, style: Style): number {
  if (options.apply === true) {
    throw new CliError(phrase("bundle-not-changed"), phrase("leave-out-bundle"));
  }
  const [refusal = null] = plan.refusals;
  if (options.output === "text")
    process.stdout.write(
      `${planText(plan, [], [], { ...style, isApplied: false, isOffline: true, summary: headlineText(verdict, style) })}\n`,
    );
  else writeJson(planJson(plan.steps, [], [], refusal, style.words));
  if (refusal === null) return EXIT.good;
  process.stderr.write(`${errorText(refusal, style)}\n`);
  return EXIT.failed;
}

/** The symptom once more, from the place where it failed: the repair is done when it is gone. */
async function tryAgain(
  before: Verdict,
  remembered: Remembered | null,
  options: RepairOptions,
  open: OpenForChange,
  style: Style,
): Promise<number> {
  const symptom = parseSymptom(before.symptom.input, options.namespace);
  if ("error" in symptom) return EXIT.noCause;
  const isText = options.output === "text";
  const startedAt = steadyNow();
  const reader = { reader: open.transport, kube: open.kube, limits: open.limits, now: steadyNow };
  const from = remembered?.way.from;
  const conclusion = await follow(
    reader,
    symptom,
    { namespace: options.namespace, ...(from === undefined ? {} : { from }) },
    style,
    isText && !options.quiet,
    startedAt,
  );
  const verdict = inWords(conclusion, style);
  // The proven verdict stays the last one: its repair is what `undo` and `repair` speak of until another is found.
  if (verdict.outcome !== "healthy")
    await rememberVerdict(verdict, { ...options, ...(from === undefined ? {} : { from }) });
  const status = exitStatusOf(verdict);
  if (isText) process.stdout.write(`${verdictText(conclusion, verdict.repairs.length, status, style)}\n`);
  else writeJson(verdict);
  return status;
}

function isSame(a: Verdict | undefined, b: Verdict): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** What would set a sysctl back at the next reload, asked of the node's own files. */
async function warningsOf(plan: Plan, open: OpenForChange): Promise<readonly Warned[]> {
  const sysctls = plan.steps.filter(
    (s) => s.repair.id === "set-sysctl" && s.netns === "host" && s.repair.node !== null,
  );
  const found = await Promise.all(
    sysctls.map(async ({ repair }) => {
      const { key = "", value = "" } = repair.params;
      const warnings = await persistWarnings(open.transport, repair.node ?? "", key, value);
      return warnings.map((warning): Warned => ({ node: repair.node ?? "", ...warning }));
    }),
  );
  return found.flat();
}
