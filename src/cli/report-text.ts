import { htmlOf } from "../tell/report/html/html.ts";
import { reportOf } from "../tell/report/incident/report-of.ts";
import { markdownOf } from "../tell/report/markdown/markdown.ts";
import type { Verdict } from "../verdict/verdict.ts";

/** The incident report of a verdict, to be kept or pasted. */
export function reportText(verdict: Verdict, format: "markdown" | "html"): string {
  const report = reportOf(verdict);
  return format === "markdown" ? markdownOf(report) : htmlOf(report);
}
