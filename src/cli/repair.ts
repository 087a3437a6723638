import type { Command } from "commander";
import { type ClusterOptions, type OutputOptions, withCluster, withOutput } from "./options.ts";

export interface RepairOptions extends ClusterOptions, OutputOptions {
  readonly apply?: boolean;
  readonly persist?: boolean;
  readonly force?: boolean;
  readonly quiet?: boolean;
}

/** `lasthop repair [VERDICT]`, `lasthop undo [ID]`, `lasthop repairs` */
export function registerRepair(program: Command): void {
  const repair = program
    .command("repair")
    .argument("[verdict]")
    .option("--apply")
    .option("--persist")
    .option("--force")
    .option("-q, --quiet");
  withOutput(withCluster(repair)).action(async (verdict: string | undefined, options: RepairOptions, self: Command) => {
    const [{ guarded }, { runRepair }] = await Promise.all([import("./run.ts"), import("./run-repair.ts")]);
    await guarded((signal) => runRepair(verdict ?? null, options, isGiven(self), signal));
  });

  const undo = program.command("undo").argument("[id]").option("--apply").option("--force");
  withOutput(withCluster(undo)).action(async (id: string | undefined, options: RepairOptions, self: Command) => {
    const [{ guarded }, { runUndo }] = await Promise.all([import("./run.ts"), import("./run-undo.ts")]);
    await guarded((signal) => runUndo(id ?? "latest", options, isGiven(self), signal));
  });

  const repairs = program.command("repairs");
  withOutput(withCluster(repairs)).action(async (options: RepairOptions, self: Command) => {
    const [{ guarded }, { runRepairs }] = await Promise.all([import("./run.ts"), import("./run-undo.ts")]);
    await guarded((signal) => runRepairs(options, isGiven(self), signal));
  });
}

/** Whether a flag was typed: only then it stands against the way that the diagnosis went. */
function isGiven(command: Command): (name: string) => boolean {
  return (name) => command.getOptionValueSource(name) === "cli";
}
