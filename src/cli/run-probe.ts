import { phrase } from "../facts/phrase.ts";
import { examine } from "../hunt/examine.ts";
import { Notebook } from "../hunt/field.ts";
import { askKernels } from "../hunt/ask.ts";
import { finding } from "../hunt/findings.ts";
import { captureRung, hopName } from "../hunt/rungs/capture.ts";
import { kernelRung, reachFinding } from "../hunt/rungs/probes.ts";
import { routeRung } from "../hunt/rungs/route.ts";
import { makeTrial } from "../hunt/trials.ts";
import { hopList, lastHopOf } from "../hunt/conclude.ts";
import { hopsOf, suspectsOf } from "../think/explain/suspect.ts";
import { findingText, printable } from "../tell/report/finding-text.ts";
import { notCheckedInWords, notCheckedText } from "../tell/report/not-checked-text.ts";
import { padTo } from "../tell/columns.ts";
import type { Words } from "../tell/i18n/en.ts";
import { phraseText } from "../tell/i18n/phrases.ts";
import { rungText } from "../tell/report/terminal.ts";
import { openCluster, openKeepDirectory, readField } from "./open-cluster.ts";
import type { ProbeOptions } from "./probe.ts";
import { CliError, EXIT, untilInterrupted } from "./run.ts";
import { destinationOf, endsOf, protocolTo } from "./run-walk.ts";
import { styleOf } from "./speech.ts";
import { writeJson } from "./write-json.ts";

/** Exit status: 0 every packet answered, 2 not: the witness alone names no cause. */
export async function runProbe(from: string, to: string, options: ProbeOptions, signal: AbortSignal): Promise<number> {
  if (options.bundle !== undefined) throw new CliError(phrase("bundle-not-probed"), phrase("leave-out-bundle-walk"));
  if (!Number.isInteger(options.attempts) || options.attempts < 1 || options.attempts > 64) {
    throw new CliError(phrase("no-attempts", { text: String(options.attempts) }), phrase("attempts-range"));
  }
  const destination = destinationOf(to, options.namespace);
  const style = styleOf(options);
  const open = await openCluster(options, signal);
  try {
    const { field, notChecked } = await readField(
      open,
      { keepIn: options.write === undefined ? null : openKeepDirectory(options.write) },
      () => {},
    );
    const { place, target } = endsOf(from, destination, options.namespace, field, notChecked);
    const protocol = protocolTo(destination, target, options.protocol);
    const trial = makeTrial(field.world, {
      id: "p1",
      from: place,
      dst: target.ip,
      port: target.port,
      protocol,
      url: protocol === "tcp" ? target.url : null,
      attempts: options.attempts,
    });
    const notebook = new Notebook();
    const examination = await untilInterrupted(
      examine(field, { send: [trial], adopt: [], also: [], during: null }, notebook),
      signal,
    );
    const tried = examination.examined[0]?.tried;
    if (tried === undefined) throw new Error("a probe without a result");
    const suspect = suspectsOf(tried).find((s) => s.failed > 0) ?? null;
    const branch = suspect?.branch ?? tried.walk.branches[0];
    const agreements = branch === undefined ? [] : await untilInterrupted(askKernels(field, branch), signal);
    const lost = examination.reports.filter((r) => !r.trustworthy).map((r) => r.netns);
    const answered = tried.tries.filter((t) => t.answered).length;
    const rungs = [
      routeRung(agreements, suspect, false),
      captureRung(suspect, null, tried.tries.length, lost, [tried]),
      kernelRung(suspect, examination.moved, examination.reasons),
    ];
    if (options.output === "json") {
      const hops =
        suspect === null
          ? branch === undefined
            ? []
            : hopList(hopsOf(tried, branch), [])
          : hopList(suspect.hops, suspect.offPath);
      const json = {
        schema: "lasthop/probe/v1",
        from: place.netns,
        to: { ip: target.ip.text, port: target.port, protocol },
        attempts: (examination.examined[0]?.result.answers ?? []).map((a) => ({
          ...a,
          detail: phraseText(a.detail, style.words),
        })),
        path: hops,
        lastHop: suspect === null ? null : lastHopOf(suspect, null, null, false),
        asked: agreements.map(({ question, answer, agrees }) => ({ question, answer, agrees })),
        moved: Object.fromEntries(examination.moved),
        kept: examination.kept,
        notChecked: [...notChecked, ...notebook.notChecked].map((item) => notCheckedInWords(item, style.words)),
      };
      writeJson(json);
    } else {
      const reached = tried.tries.length === 0 ? finding("not-tried", {}) : reachFinding(tried);
      process.stdout.write(`${findingText(reached, style.words)}\n\n`);
      for (const rung of rungs) process.stdout.write(`${rungText(rung, style)}\n`);
      if (suspect === null && branch !== undefined)
        process.stdout.write(`${wayText(hopsOf(tried, branch), style.words)}\n`);
      for (const item of [...notChecked, ...notebook.notChecked])
        process.stdout.write(`${style.words.labels.notChecked}  ${printable(notCheckedText(item, style.words))}\n`);
      for (const file of examination.kept) process.stdout.write(`${file}\n`);
    }
    return answered > 0 && answered === tried.tries.length ? EXIT.good : EXIT.noCause;
  } finally {
    await open.reader.close();
  }
}

/** The path as really seen, a line for each namespace. */
function wayText(hops: ReturnType<typeof hopsOf>, words: Words): string {
  const lines: string[] = [];
  let place = "";
  for (const { point, seen } of hops) {
    const here = `${point.netns} ${point.leg}`;
    if (here !== place) lines.push(`             ${padTo(words.walk.legs[point.leg], 8)} ${printable(point.netns)}`);
    place = here;
    lines.push(`                      ${padTo(printable(phraseText(hopName(point), words)), 28)} ${seen ?? "?"}`);
  }
  return lines.join("\n");
}
