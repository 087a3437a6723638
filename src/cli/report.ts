import { type Command, Option } from "commander";

export interface ReportOptions {
  readonly output: "markdown" | "html";
}

/** `lasthop report [VERDICT]` */
export function registerReport(program: Command): void {
  program
    .command("report")
    .description("the incident report of a verdict, in the language in which it was told; looks at no cluster")
    .argument("[verdict]", "what `diagnose -o json` wrote; the last one when left out")
    .addOption(
      new Option("-o, --output <format>", "how the report is printed")
        .choices(["markdown", "html"])
        .default("markdown"),
    )
    .action(async (verdict: string | undefined, options: ReportOptions) => {
      const [{ guarded }, { runReport }] = await Promise.all([import("./run.ts"), import("./run-report.ts")]);
      await guarded(() => runReport(verdict ?? null, options));
    });
}
