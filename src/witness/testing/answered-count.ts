import type { ProbeResult } from "../probe/probe.ts";

export function answeredCount(result: ProbeResult): number {
  return result.answers.filter((answer) => answer.outcome === "answered").length;
}
