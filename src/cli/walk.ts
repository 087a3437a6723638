import { type Command, InvalidArgumentError, Option } from "commander";
import { type ClusterOptions, type OutputOptions, withCluster, withOutput } from "./options.ts";
import { helpWords } from "./spoken-language.ts";

export interface WalkOptions extends ClusterOptions, OutputOptions {
  readonly set: readonly string[];
  readonly protocol?: "tcp" | "udp" | "icmp";
  readonly size?: number;
  readonly verbose?: boolean;
}

/** `lasthop walk FROM TO` */
export function registerWalk(program: Command): void {
  const command = program
    .command("walk")
    .argument("<from>")
    .argument("<to>")
    .option("--set <node:key=value>", "", (value: string, all: string[]) => [...all, value], [])
    .addOption(new Option("--protocol <name>").choices(["tcp", "udp", "icmp"]))
    .option("--size <bytes>", "", datagramBytes)
    .option("-v, --verbose");
  withOutput(withCluster(command)).action(async (from: string, to: string, options: WalkOptions) => {
    const [{ guarded }, { runWalk }] = await Promise.all([import("./run.ts"), import("./run-walk.ts")]);
    await guarded((signal) => runWalk(from, to, options, signal));
  });
}

/** An IPv4 header with nothing in it, to the most that its length field can say (RFC 791). */
function datagramBytes(text: string): number {
  const bytes = Number(text);
  if (!Number.isInteger(bytes) || bytes < 20 || bytes > 65_535)
    throw new InvalidArgumentError(helpWords().wrong.datagramBytes);
  return bytes;
}
