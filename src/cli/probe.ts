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
    .description("witness only: real tagged packets, captured at every hop; changes nothing")
    .argument("<from>", "here | node/NAME | pod/NAME")
    .argument("<to>", "ADDRESS[:PORT] | svc/NAME[:PORT] | pod/NAME[:PORT] | URL")
    .addOption(new Option("--protocol <name>", "instead of the target's own").choices(["tcp", "udp", "icmp"]))
    .option("--attempts <count>", "how many packets", Number, 3)
    .option("-w, --write <dir>", "keep the raw captures there, as Wireshark opens them");
  withOutput(withCluster(command)).action(async (from: string, to: string, options: ProbeOptions) => {
    const [{ guarded }, { runProbe }] = await Promise.all([import("./run.ts"), import("./run-probe.ts")]);
    await guarded((signal) => runProbe(from, to, options, signal));
  });
}
