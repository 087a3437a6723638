import type { Command } from "commander";

export interface DemoOptions {
  readonly cni: "calico" | "flannel";
  readonly replay?: boolean;
}

/** `lasthop demo` */
export function registerDemo(program: Command): void {
  program
    .command("demo")
    .description("the incident, from the 502 to the proof that it is healed, in a lab that is gone afterwards")
    .option("--cni <name>", "calico | flannel", "flannel")
    .option("--replay", "the recorded incident instead of a lab; needs no root")
    .action(async (options: DemoOptions) => {
      const [{ guarded }, { runDemo }] = await Promise.all([import("./run.ts"), import("./run-demo.ts")]);
      await guarded((signal) => runDemo(options, signal));
    });
}
