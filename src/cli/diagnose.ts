import type { Command } from "commander";
import { type ClusterOptions, type OutputOptions, withCluster, withOutput } from "./options.ts";

export interface DiagnoseOptions extends ClusterOptions, OutputOptions {
  readonly from?: string;
  readonly write?: string;
}

/** `lasthop diagnose SYMPTOM` */
export function registerDiagnose(program: Command): void {
  const command = program
    .command("diagnose")
    .description("from a symptom down to the last hop and the proven cause; changes nothing")
    .argument("<symptom>", "URL | svc/NAME[:PORT] | pod/NAME[:PORT] | dns/NAME | ADDRESS[:PORT]")
    .option("--from <place>", "here | node/NAME | pod/NAME: where it is tried from")
    .option("-w, --write <dir>", "keep the raw captures there, as Wireshark opens them");
  withOutput(withCluster(command), ["text", "json", "markdown", "html"]).action(
    async (symptom: string, options: DiagnoseOptions) => {
      const [{ guarded }, { diagnose }] = await Promise.all([import("./run.ts"), import("./run-diagnose.ts")]);
      await guarded((signal) => diagnose(symptom, options, signal));
    },
  );
}
