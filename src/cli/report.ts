import { type Command, Option } from "commander";

export interface ReportOptions {
  readonly output: "markdown" | "html";
}

/** `lasthop report [VERDICT]` */
export function registerReport(program: Command): void {
  program
    .command("report")
    .argument("[verdict]")
    .addOption(new Option("-o, --output <format>").choices(["markdown", "html"]).default("markdown"))
    .action(async (verdict: string | undefined, options: ReportOptions) => {
      const [{ guarded }, { runReport }] = await Promise.all([import("./run.ts"), import("./run-report.ts")]);
      await guarded(() => runReport(verdict ?? null, options));
    });
}
