import type { Command } from "commander";
import { type ClusterOptions, type OutputOptions, withCluster, withOutput } from "./options.ts";

export interface DiagnoseOptions extends ClusterOptions, OutputOptions {
  readonly from?: string;
  readonly write?: string;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

/** `lasthop diagnose SYMPTOM` */
export function registerDiagnose(program: Command): void {
  const command = program
    .command("diagnose")
    .argument("<symptom>")
    .option("--from <place>")
    .option("-w, --write <dir>")
    .option("-q, --quiet")
    .option("-v, --verbose");
  withOutput(withCluster(command), ["text", "json", "markdown", "html"]).action(
    async (symptom: string, options: DiagnoseOptions) => {
      const [{ guarded }, { diagnose }] = await Promise.all([import("./run.ts"), import("./run-diagnose.ts")]);
      await guarded((signal) => diagnose(symptom, options, signal));
    },
  );
}
