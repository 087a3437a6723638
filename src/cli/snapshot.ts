import { type Command, InvalidArgumentError, Option } from "commander";
import type { Language } from "../tell/i18n/language.ts";
import { type ClusterOptions, withCluster } from "./options.ts";
import { helpWords } from "./spoken-language.ts";

export interface SnapshotOptions extends ClusterOptions {
  readonly output?: string;
  readonly from?: string;
  readonly passive?: number;
  readonly printScript?: boolean;
  readonly quiet?: boolean;
  readonly lang?: Language;
}

/** `lasthop snapshot -o FILE [SYMPTOM]` */
export function registerSnapshot(program: Command): void {
  const command = program
    .command("snapshot")
    .argument("[symptom]")
    .option("-o, --output <file>")
    .option("--from <place>")
    .addOption(new Option("--passive <seconds>").argParser(listenSeconds))
    .option("--print-script")
    .option("-q, --quiet");
  withCluster(command).action(async (symptom: string | undefined, options: SnapshotOptions) => {
    const [{ guarded }, { runSnapshot }] = await Promise.all([import("./run.ts"), import("./run-snapshot.ts")]);
    await guarded((signal) => runSnapshot(symptom ?? null, options, signal));
  });
}

/** `10`, `10s` */
function listenSeconds(text: string): number {
  const value = Number(/^(\d{1,3})s?$/.exec(text)?.[1] ?? Number.NaN);
  if (!(value >= 1 && value <= 240)) throw new InvalidArgumentError(helpWords().wrong.listenSeconds);
  return value;
}
