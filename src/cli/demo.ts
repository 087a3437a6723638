import { type Command, Option } from "commander";

export interface DemoOptions {
  readonly cni: "calico" | "flannel";
  readonly replay?: boolean;
}

/** `lasthop demo` */
export function registerDemo(program: Command): void {
  program
    .command("demo")
    .addOption(new Option("--cni <name>").choices(["calico", "flannel"]).default("flannel"))
    .option("--replay")
    .action(async (options: DemoOptions) => {
      const [{ guarded }, { runDemo }] = await Promise.all([import("./run.ts"), import("./run-demo.ts")]);
      await guarded((signal) => runDemo(options, signal));
    });
}
