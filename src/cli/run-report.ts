import { exitStatusOf } from "../verdict/verdict.ts";
import { readVerdict, recallVerdict } from "./last-verdict.ts";
import type { ReportOptions } from "./report.ts";
import { reportText } from "./report-text.ts";

/** @returns the exit status, which is the verdict's own */
export async function runReport(file: string | null, { output }: ReportOptions): Promise<number> {
  const verdict = file === null ? (await recallVerdict()).verdict : await readVerdict(file);
  process.stdout.write(reportText(verdict, output));
  return exitStatusOf(verdict);
}
