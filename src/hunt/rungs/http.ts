import { podKey } from "../../facts/cluster.ts";
import { withPort } from "../../facts/ip.ts";
import { gotThrough } from "../../witness/probe/probe.ts";
import type { Examined } from "../examination.ts";
import { type Finding, finding, type Rung } from "../findings.ts";
import type { GatewayReading } from "../gateway.ts";
import { countAnswers } from "./probes.ts";

/** The symptom as its users meet it, and what a gateway that answers for somebody else says of whom it waits for. */
export function httpRung(
  rung: "http" | "dns",
  symptom: readonly Examined[],
  gateway: GatewayReading | null,
  failing: Examined | null,
  evidence: readonly string[],
): Rung {
  const answers = symptom.flatMap((e) => e.result.answers);
  const bad = answers.filter((a) => !gotThrough(a.outcome) || (a.httpStatus ?? 0) >= 500);
  const lines: Finding[] = [];
  if (gateway !== null) {
    const status = failing?.result.answers.find((a) => (a.httpStatus ?? 0) >= 500)?.httpStatus ?? null;
    lines.push(
      finding("http-from", { status, pod: podKey(gateway.pod), node: gateway.pod.node ?? "?" }),
      ...gateway.lines,
    );
  }
  if (answers.length === 0) return { rung, status: "unknown", headline: finding("not-tried", {}), lines, evidence };
  const ms = Math.round(Math.max(0, ...answers.map((a) => a.ms ?? 0)));
  const mute = symptom.filter((e) => !isAsked(e)).reduce((sum, e) => sum + e.result.answers.length, 0);
  if (bad.length === 0 && mute > 0) {
    return {
      rung,
      status: "unknown",
      headline: finding("connected-only", { tries: answers.length, mute }),
      lines,
      evidence,
    };
  }
  const isMute = answers.every((a) => a.outcome === "delivered");
  const well = isMute
    ? finding("delivered-all", { tries: answers.length })
    : finding("answers-all", { tries: answers.length, ms });
  const headline =
    bad.length === 0
      ? well
      : finding("answers-some", {
          failed: bad.length,
          tries: answers.length,
          how: countAnswers(bad.map((a) => (a.outcome === "answered" ? String(a.httpStatus) : a.outcome))),
        });
  return { rung, status: bad.length === 0 ? "ok" : "failed", headline, lines, evidence };
}

/** Tried in full: not only connected, where the question is asked over HTTP and the node has no tool for that. */
export function isAsked({ trial, result }: Examined): boolean {
  const { answers } = result;
  const isHttp = trial.probe.kind === "http";
  return answers.length > 0 && !(isHttp && answers.some((a) => a.outcome === "answered" && a.httpStatus === null));
}

/** The pods' rung, with what they answer their own node. */
export function withHome(rung: Rung, home: readonly Examined[]): Rung {
  const asked = home.filter((e) => e.result.answers.length > 0);
  if (asked.length === 0) return rung;
  const answered = asked.filter((e) => e.result.answers.some((a) => gotThrough(a.outcome)));
  const ms = Math.max(0, ...answered.flatMap((e) => e.result.answers.map((a) => a.ms ?? 0)));
  const silent = asked.filter((e) => !answered.includes(e)).map((e) => withPort(e.trial.flow.dst, e.trial.flow.dport));
  const line =
    silent.length === 0
      ? finding("pods-answer-at-home", { answered: answered.length, total: asked.length, ms: Math.round(ms) })
      : finding("pods-silent-at-home", { pods: silent });
  return { ...rung, status: silent.length > 0 ? "failed" : rung.status, lines: [...rung.lines, line] };
}
