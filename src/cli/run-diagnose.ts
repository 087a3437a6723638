import { phrase } from "../facts/phrase.ts";
import { repairOfEdit, repairOfObject } from "../change/repair/plan.ts";
import type { Conclusion, HuntEvent } from "../hunt/conclusion.ts";
import { hunt } from "../hunt/hunt.ts";
import { printable } from "../tell/report/finding-text.ts";
import { rungText, startText, type Style, verdictText } from "../tell/report/terminal.ts";
import { statusLine } from "../tell/report/status-line.ts";
import { toVerdict } from "../tell/report/to-verdict.ts";
import { workText } from "../tell/report/work-text.ts";
import { countRounds } from "../read/transport/rounds-under-way.ts";
import { parseSymptom } from "../think/symptom/symptom.ts";
import { exitStatusOf, type Repair, type Verdict } from "../verdict/verdict.ts";
import { steadyNow } from "./clock.ts";
import type { DiagnoseOptions } from "./diagnose.ts";
import { rememberVerdict } from "./last-verdict.ts";
import { recurrenceOf } from "./recurrence.ts";
import {
  nodesFirst,
  type OpenCluster,
  openCluster,
  openKeepDirectory,
  readField,
  unlessUnread,
} from "./open-cluster.ts";
import { canRewriteLine } from "./options.ts";
import { reportText } from "./report-text.ts";
import { CliError, untilInterrupted } from "./run.ts";
import { styleOf } from "./speech.ts";
import { VERSION } from "./version.ts";
import { writeJson } from "./write-json.ts";

/** A round that takes longer is worth a word about whose it is. */
const SLOW_MS = 2000;

/** @returns the exit status */
export async function diagnose(input: string, options: DiagnoseOptions, signal: AbortSignal): Promise<number> {
  const symptom = parseSymptom(input, options.namespace);
  if ("error" in symptom) {
    throw new CliError(phrase("no-symptom", { input }), phrase("symptom-forms"));
  }
  const startedAt = steadyNow();
  const style = styleOf(options);
  const isText = options.output === "text";
  const open = await openCluster(options, signal);
  try {
    const followed = await follow(open, symptom, options, style, isText && !options.quiet, startedAt);
    const { recurrence, notChecked } = await untilInterrupted(recurrenceOf(followed, open.reader, open.limits), signal);
    const conclusion = { ...followed, recurrence, notChecked: [...followed.notChecked, ...notChecked] };
    const verdict = inWords(conclusion, style);
    await rememberVerdict(verdict, options);
    const status = exitStatusOf(verdict);
    if (isText) process.stdout.write(`${verdictText(conclusion, verdict.repairs.length, status, style)}\n`);
    else if (options.output === "json") writeJson(verdict);
    else process.stdout.write(reportText(verdict, options.output));
    if (options.verbose) process.stderr.write(`${workText(conclusion, style.words)}\n`);
    return status;
  } finally {
    await open.reader.close();
  }
}

/** Follows a hunt to its end, telling what it finds on the way. @throws Interrupted, HuntError, CliError */
export async function follow(
  open: OpenCluster,
  symptom: Exclude<ReturnType<typeof parseSymptom>, { error: string }>,
  options: Pick<DiagnoseOptions, "from" | "namespace" | "write">,
  style: Style,
  isLive: boolean,
  startedAt: number,
): Promise<Conclusion> {
  const { words } = style;
  const { reader, awaited } = countRounds(open.reader);
  const status = statusLine(process.stderr, isLive && canRewriteLine(process.stderr), () => waiting());
  try {
    const extra = { keepIn: options.write === undefined ? null : openKeepDirectory(options.write) };
    const read = await readField({ ...open, reader }, extra, (doing, detail) =>
      status.show(`${words.doing[doing]} ${detail}`),
    );
    const { field, notChecked } = read;
    const request = { symptom, from: options.from ?? null, namespace: options.namespace };
    const events = hunt(field, request, open.reader.offline ? field.now() : startedAt);
    for (;;) {
      const { value: event } = await untilInterrupted(events.next(), open.limits.signal).catch((error) => {
        throw unlessUnread(error, notChecked);
      });
      if (event === undefined) throw new Error("a hunt ended without a conclusion");
      if (event.kind === "concluded") {
        const { conclusion } = event;
        return {
          ...conclusion,
          // What bears on this verdict comes before what was merely not read.
          notChecked: nodesFirst([...conclusion.notChecked, ...notChecked]),
          timeline: inOrder([...read.events, ...conclusion.timeline], open.reader.offline),
          timings: open.reader.offline
            ? { totalMs: steadyNow() - startedAt }
            : { ...read.marks, ...conclusion.timings },
        };
      }
      tell(event);
    }
  } finally {
    status.clear();
  }

  /** Whom it waits for, once that is longer than usual. */
  function waiting(): string {
    const slow = awaited().filter(({ sinceMs }) => sinceMs >= SLOW_MS);
    const [longest] = slow;
    if (longest === undefined) return "";
    const nodes = slow.map(({ node }) => node);
    return words.waiting({
      nodes,
      seconds: Math.floor(longest.sinceMs / 1000),
      limit: Math.round(open.limits.timeoutMs / 1000),
    });
  }

  function tell(event: Exclude<HuntEvent, { kind: "concluded" }>): void {
    if (event.kind === "progress") status.show(printable(`${words.doing[event.doing]} ${event.detail}`));
    if (event.kind === "progress" || !isLive) return;
    status.clear();
    if (event.kind === "start") process.stdout.write(`${startText(event, open.reader.offline, words)}\n\n`);
    else process.stdout.write(`${rungText(event.rung, style)}\n`);
  }
}

/** By our own clock; what was recorded is dated by the clocks of its nodes, and stands in the order in which it was looked at. */
function inOrder(events: Conclusion["timeline"], isRecorded: boolean): Conclusion["timeline"] {
  return isRecorded ? events : [...events].sort((a, b) => a.at.localeCompare(b.at));
}

export function inWords(conclusion: Conclusion, style: Style): Verdict {
  return toVerdict(conclusion, {
    version: VERSION,
    words: style.words,
    language: style.language,
    repairs: conclusion.repairs.flatMap((r) => toRepair(r) ?? []),
  });
}

function toRepair(repair: Conclusion["repairs"][number]): Repair | null {
  if ("edit" in repair) return repairOfEdit(repair.edit, repair.proven);
  const { do: id, namespace, name } = repair.api;
  const value =
    repair.api.do === "patch-service-selector"
      ? { selector: JSON.stringify(repair.api.selector) }
      : { port: repair.api.port, targetPort: repair.api.targetPort };
  return repairOfObject(id, { namespace, name, ...value }, repair.proven);
}
