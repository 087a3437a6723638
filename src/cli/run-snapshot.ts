import { phrase } from "../facts/phrase.ts";
import { BundleWriter } from "../read/bundle/bundle-writer.ts";
import { recording } from "../read/bundle/record.ts";
import { recordObjects } from "../read/bundle/record-objects.ts";
import { en } from "../tell/i18n/en.ts";
import { phraseText } from "../tell/i18n/phrases.ts";
import { printable } from "../tell/report/finding-text.ts";
import { notCheckedText } from "../tell/report/not-checked-text.ts";
import { statusLine } from "../tell/report/status-line.ts";
import { openCluster, readField } from "./open-cluster.ts";
import { CliError, EXIT } from "./run.ts";
import type { SnapshotOptions } from "./snapshot.ts";
import { styleOf } from "./speech.ts";
import { VERSION } from "./version.ts";

/** Reads the cluster as a diagnosis would, and keeps what it reads. @returns the exit status */
export async function runSnapshot(options: SnapshotOptions, signal: AbortSignal): Promise<number> {
  const { output: file } = options;
  if (file === undefined) throw new CliError(phrase("snapshot-needs-file"), phrase("snapshot-form"));
  if (options.bundle !== undefined) {
    throw new CliError(phrase("already-snapshot"), phrase("leave-out-bundle"));
  }
  const { words } = styleOf(options.lang === undefined ? {} : { lang: options.lang });
  const at = new Date().toISOString();
  const writer = new BundleWriter(file, { lasthop: VERSION, by: "snapshot", at }, (said) => phraseText(said, en));
  const status = statusLine(process.stderr, options.quiet !== true && process.stderr.isTTY === true);
  try {
    const open = await openCluster(options, signal, (lists) => recordObjects(lists, writer, at));
    try {
      const recorded = { ...open, reader: recording(open.reader, writer) };
      const { notChecked } = await readField(recorded, {}, (doing, detail) =>
        status.show(`${words.doing[doing]} ${detail}`),
      );
      const bytes = await writer.finish();
      status.clear();
      if (options.quiet !== true) {
        process.stdout.write(`${printable(words.snapshot.written({ file, files: writer.files, bytes }))}\n`);
        for (const item of notChecked)
          process.stdout.write(`${words.labels.notChecked}  ${printable(notCheckedText(item, words))}\n`);
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
