import { ChangeError } from "../change/change-error.ts";
import { applyUndo, listRepairs, planUndo } from "../change/repair/undo.ts";
import { phraseText } from "../tell/i18n/phrases.ts";
import { undoneJson, undoPlanJson } from "../tell/report/change-json.ts";
import { errorText, repairsText, undoneText, undoPlanText } from "../tell/report/repair-text.ts";
import type { Style } from "../tell/report/terminal.ts";
import { openForChange, wayOf } from "./change-context.ts";
import { recallVerdict } from "./last-verdict.ts";
import type { RepairOptions } from "./repair.ts";
import { EXIT, Interrupted } from "./run.ts";
import { styleOf } from "./speech.ts";
import { writeJson } from "./write-json.ts";

/** Prints what would be taken back; with --apply does it. */
export async function runUndo(
  id: string,
  typed: RepairOptions,
  isGiven: (name: string) => boolean,
  signal: AbortSignal,
): Promise<number> {
  const options = wayOf(typed, await recallVerdict().catch(() => null), isGiven);
  const style = styleOf(options);
  try {
    return await carryOut(id, options, style, signal);
  } catch (error) {
    if (options.output === "json" && error instanceof ChangeError) {
      writeJson((options.apply === true ? undoneJson : undoPlanJson)([], error, style.words));
    }
    throw error;
  }
}

/** @throws ChangeError before there is a plan */
async function carryOut(id: string, options: RepairOptions, style: Style, signal: AbortSignal): Promise<number> {
  const isText = options.output === "text";
  const open = await openForChange(options, signal);
  try {
    const plan = await planUndo(open.transport, id);
    if (isText) process.stdout.write(`${undoPlanText(plan, { ...style, isApplied: options.apply === true })}\n`);
    if (options.apply !== true) {
      if (!isText) writeJson(undoPlanJson(plan.entries, null, style.words));
      return EXIT.good;
    }
    if (signal.aborted) throw new Interrupted();
    const undone = await applyUndo(plan, open.context, { force: options.force === true });
    if (isText) process.stdout.write(`${undoneText(undone, style)}\n`);
    else writeJson(undoneJson(undone.done, undone.error, style.words));
    if (undone.error === null) return EXIT.good;
    process.stderr.write(`${errorText(undone.error, style)}\n`);
    return EXIT.failed;
  } finally {
    await open.transport.close();
  }
}

/** Lists what was repaired, on every node that answers. */
export async function runRepairs(
  typed: RepairOptions,
  isGiven: (name: string) => boolean,
  signal: AbortSignal,
): Promise<number> {
  const options = wayOf(typed, await recallVerdict().catch(() => null), isGiven);
  const style = styleOf(options);
  const open = await openForChange(options, signal);
  try {
    const listing = await listRepairs(open.transport);
    if (options.output === "json") {
      const rows = listing.repairs.map(({ entry, state }) => ({
        id: entry.id,
        node: entry.node,
        at: entry.at,
        state,
        repair: entry.repair,
        symptom: entry.symptom,
      }));
      const problems = listing.problems.map(({ node, why }) => ({ node, why: phraseText(why, style.words) }));
      writeJson({ repairs: rows, problems });
    } else process.stdout.write(`${repairsText(listing, style)}\n`);
    return listing.problems.length > 0 && listing.repairs.length === 0 ? EXIT.failed : EXIT.good;
  } finally {
    await open.transport.close();
  }
}
