import { type Command, Option } from "commander";
import { type ClusterOptions, type OutputOptions, withCluster, withOutput } from "./options.ts";

export interface ProbeOptions extends ClusterOptions, OutputOptions {
  readonly protocol?: "tcp" | "udp" | "icmp";
  readonly attempts: number;
  readonly write?: string;
}

/** `lasthop probe FROM TO` */
export function registerProbe(program: Command): void {
  const command = program
    .command("probe")
    .argument("<from>")
    .argument("<to>")
    .addOption(new Option("--protocol <name>").choices(["tcp", "udp", "icmp"]))
    .option("--attempts <count>", "", Number, 3)
    .option("-w, --write <dir>");
  withOutput(withCluster(command)).action(async (from: string, to: string, options: ProbeOptions) => {
    const [{ guarded }, { runProbe }] = await Promise.all([import("./run.ts"), import("./run-probe.ts")]);
    await guarded((signal) => runProbe(from, to, options, signal));
  });
}
