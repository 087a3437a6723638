import type { Command } from "commander";
import { type ClusterOptions, type OutputOptions, withCluster, withOutput } from "./options.ts";

export interface RepairOptions extends ClusterOptions, OutputOptions {
  readonly apply?: boolean;
  readonly persist?: boolean;
  readonly force?: boolean;
}

/** `lasthop repair [VERDICT]`, `lasthop undo [ID]`, `lasthop repairs` */
export function registerRepair(program: Command): void {
  const repair = program
    .command("repair")
    .description(
      "the plan to repair what the last diagnosis proved; --apply does it, reads it back, tries the symptom again",
    )
    .argument("[verdict]", "what `diagnose -o json` wrote; the last one when left out")
    .option("--apply", "do it")
    .option("--persist", "also write /etc/sysctl.d/99-zz-lasthop.conf, so that it survives a reload")
    .option("--force", "although the proof is missing, or the fact is no longer what was found");
  withOutput(withCluster(repair)).action(async (verdict: string | undefined, options: RepairOptions, self: Command) => {
    const [{ guarded }, { runRepair }] = await Promise.all([import("./run.ts"), import("./run-repair.ts")]);
    await guarded((signal) => runRepair(verdict ?? null, options, isGiven(self), signal));
  });

  const undo = program
    .command("undo")
    .description("the plan to take a repair back; --apply does it")
    .argument("[id]", "an entry of `lasthop repairs`; the latest repair when left out")
    .option("--apply", "do it")
    .option("--force", "although somebody changed it since");
  withOutput(withCluster(undo)).action(async (id: string | undefined, options: RepairOptions, self: Command) => {
    const [{ guarded }, { runUndo }] = await Promise.all([import("./run.ts"), import("./run-undo.ts")]);
    await guarded((signal) => runUndo(id ?? "latest", options, isGiven(self), signal));
  });

  const repairs = program.command("repairs").description("the journal of repairs, which lies on the nodes");
  withOutput(withCluster(repairs)).action(async (options: RepairOptions, self: Command) => {
    const [{ guarded }, { runRepairs }] = await Promise.all([import("./run.ts"), import("./run-undo.ts")]);
    await guarded((signal) => runRepairs(options, isGiven(self), signal));
  });
}

/** Whether a flag was typed: only then it stands against the way that the diagnosis went. */
function isGiven(command: Command): (name: string) => boolean {
  return (name) => command.getOptionValueSource(name) === "cli";
}
