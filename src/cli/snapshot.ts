import type { Command } from "commander";
import type { Language } from "../tell/i18n/language.ts";
import { type ClusterOptions, withCluster } from "./options.ts";

export interface SnapshotOptions extends ClusterOptions {
  readonly output?: string;
  readonly quiet?: boolean;
  readonly lang?: Language;
}

/** `lasthop snapshot -o FILE` */
export function registerSnapshot(program: Command): void {
  const command = program.command("snapshot").option("-o, --output <file>").option("-q, --quiet");
  withCluster(command).action(async (options: SnapshotOptions) => {
    const [{ guarded }, { runSnapshot }] = await Promise.all([import("./run.ts"), import("./run-snapshot.ts")]);
    await guarded((signal) => runSnapshot(options, signal));
  });
}
