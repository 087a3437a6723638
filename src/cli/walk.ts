import type { Command } from "commander";
import { type ClusterOptions, type OutputOptions, withCluster, withOutput } from "./options.ts";

export interface WalkOptions extends ClusterOptions, OutputOptions {
  readonly set: readonly string[];
  readonly protocol?: "tcp" | "udp" | "icmp";
  readonly size?: number;
}

/** `lasthop walk FROM TO` */
export function registerWalk(program: Command): void {
  const command = program
    .command("walk")
    .description("predict only: the way of a packet through the collected facts, step by step; sends nothing")
    .argument("<from>", "here | node/NAME | pod/NAME")
    .argument("<to>", "ADDRESS[:PORT] | svc/NAME[:PORT] | pod/NAME[:PORT] | URL")
    .option(
      "--set <node:key=value>",
      "what if: suppose another value (may be given again)",
      (value: string, all: string[]) => [...all, value],
      [],
    )
    .option("--protocol <name>", "tcp | udp | icmp instead of the target's own")
    .option("--size <bytes>", "length of the IP datagram", Number);
  withOutput(withCluster(command)).action(async (from: string, to: string, options: WalkOptions) => {
    const [{ guarded }, { runWalk }] = await Promise.all([import("./run.ts"), import("./run-walk.ts")]);
    await guarded((signal) => runWalk(from, to, options, signal));
  });
}
