import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { phrase } from "../facts/phrase.ts";
import type { HuntEvent } from "../hunt/conclusion.ts";
import type { Field } from "../hunt/field.ts";
import { hunt, type HuntRequest } from "../hunt/hunt.ts";
import { HuntError } from "../hunt/hunt-error.ts";
import { recordCaptures } from "../hunt/record-captures.ts";
import { BundleWriter } from "../read/bundle/bundle-writer.ts";
import { recording } from "../read/bundle/record.ts";
import { recordMoment } from "../read/bundle/record-moment.ts";
import { recordObjects } from "../read/bundle/record-objects.ts";
import { snapshotScript } from "../read/bundle/snapshot-script.ts";
import type { Reader } from "../read/transport/reader.ts";
import { en } from "../tell/i18n/en.ts";
import { phraseText } from "../tell/i18n/phrases.ts";
import { printable } from "../tell/report/finding-text.ts";
import { notCheckedText } from "../tell/report/not-checked-text.ts";
import { type StatusLine, statusLine } from "../tell/report/status-line.ts";
import { parseSymptom, type Symptom } from "../think/symptom/symptom.ts";
import { isTargetError, resolveTarget } from "../think/symptom/target.ts";
import { openCluster, readField, unlessUnread } from "./open-cluster.ts";
import { canRewriteLine } from "./options.ts";
import { CliError, EXIT, untilInterrupted } from "./run.ts";
import type { SnapshotOptions } from "./snapshot.ts";
import { styleOf } from "./speech.ts";
import { VERSION } from "./version.ts";

/** Reads the cluster as a diagnosis would, and keeps what it reads. @returns the exit status */
export async function runSnapshot(
  input: string | null,
  options: SnapshotOptions,
  signal: AbortSignal,
): Promise<number> {
  if (options.printScript === true) {
    process.stdout.write(snapshotScript(VERSION));
    return EXIT.good;
  }
  const { output: file } = options;
  if (file === undefined) throw new CliError(phrase("snapshot-needs-file"), phrase("snapshot-form"));
  if (options.bundle !== undefined) {
    throw new CliError(phrase("already-snapshot"), phrase("leave-out-bundle"));
  }
  const symptom = input === null ? null : parseSymptom(input, options.namespace);
  if (symptom !== null && "error" in symptom) {
    throw new CliError(phrase("no-symptom", { input: input ?? "" }), phrase("symptom-forms"));
  }
  const { words } = styleOf({});
  const at = new Date().toISOString();
  const writer = new BundleWriter(file, { lasthop: VERSION, by: "snapshot", at }, (said) => phraseText(said, en));
  const status = statusLine(process.stderr, options.quiet !== true && canRewriteLine(process.stderr));
  try {
    const open = await openCluster(options, signal, (lists) => recordObjects(lists, writer, at));
    try {
      const recorder = recording(open.reader, writer);
      const { field, notChecked } = await readField({ ...open, reader: recorder }, {}, (doing, detail) =>
        status.show(`${words.doing[doing]} ${detail}`),
      );
      if (symptom !== null || options.passive !== undefined) {
        const live = { ...field, reader: open.reader };
        await listen(live, recorder, symptom, options, writer, at, status).catch((error) => {
          throw unlessUnread(error, notChecked);
        });
      }
      const bytes = await untilInterrupted(writer.finish(), signal);
      status.clear();
      if (options.quiet !== true) {
        const missing = notChecked.map((item) => `${words.labels.notChecked}  ${notCheckedText(item, words)}`);
        const lines = [words.snapshot.written({ file, files: writer.files, bytes }), ...missing];
        process.stdout.write(lines.map((line) => `${printable(line)}\n`).join(""));
      }
      return EXIT.good;
    } finally {
      await open.reader.close();
    }
  } finally {
    status.clear();
    await writer.abandon();
  }
}

/** Facts are read by now. Every node listens while the symptom is tried, or for a while. @throws HuntError, Interrupted */
async function listen(
  field: Field,
  recorder: Reader,
  symptom: Symptom | null,
  { from, namespace, passive }: SnapshotOptions,
  writer: BundleWriter,
  at: string,
  status: StatusLine,
): Promise<void> {
  const { signal } = field.limits;
  const target = symptom === null ? null : resolveTarget(symptom, field.cluster, field.world);
  if (target !== null && isTargetError(target)) throw new HuntError(target);
  const directory = await mkdtemp(join(tmpdir(), "lasthop-snapshot-"));
  const forget = (): void => rmSync(directory, { recursive: true, force: true });
  process.once("exit", forget);
  const { words } = styleOf({});
  try {
    status.show(words.doing.taps);
    await recordMoment(recorder, field.world.netns.values(), "before", field.limits);
    const captures = await untilInterrupted(recordCaptures(field, target, directory, at), signal);
    if (symptom !== null) {
      const request = { symptom, from: from ?? null, namespace };
      await tryOut(field, request, (doing, detail) => status.show(`${words.doing[doing]} ${detail}`));
    }
    if (passive !== undefined) {
      status.show(words.snapshot.listening({ seconds: passive }));
      await untilInterrupted(sleep(passive * 1000, undefined, { ref: false }), signal);
    }
    await recordMoment(recorder, field.world.netns.values(), "after", field.limits);
    for (const { entry, file } of await untilInterrupted(captures.stop(), signal)) {
      await (file === null ? writer.add(entry, new Uint8Array()) : writer.addFile(entry, file));
    }
  } finally {
    forget();
    process.off("exit", forget);
  }
}

/** As `diagnose` does it; what comes out is for the recording to tell. */
async function tryOut(
  field: Field,
  request: HuntRequest,
  onProgress: (doing: Progress["doing"], detail: string) => void,
): Promise<void> {
  const events = hunt(field, request, field.now());
  for (;;) {
    const { value: event } = await untilInterrupted(events.next(), field.limits.signal);
    if (event === undefined || event.kind === "concluded") return;
    if (event.kind === "progress") onProgress(event.doing, event.detail);
  }
}

type Progress = Extract<HuntEvent, { kind: "progress" }>;
