import { nodeOf } from "../../facts/provenance.ts";
import type { Agreement } from "../../think/ask/agreement.ts";
import type { Suspect } from "../../think/explain/suspect.ts";
import { finding, type Rung } from "../findings.ts";
import { placeName } from "./capture.ts";

/** What the kernels on the way say of their own routing decisions. */
export function routeRung(agreements: readonly Agreement[], suspect: Suspect | null, isOffline: boolean): Rung {
  const dissents = agreements.filter((a) => a.agrees === false);
  if (dissents.length > 0) {
    const [headline, ...lines] = dissents.map((a) =>
      finding("route-dissents", {
        node: nodeOf(a.step.netns),
        question: a.question,
        predicted: a.predicted,
        said: a.said,
      }),
    );
    return { rung: "route", status: "unknown", headline: headline ?? finding("not-needed", {}), lines, evidence: [] };
  }
  if (agreements.length === 0) {
    const code = suspect === null ? "not-needed" : isOffline ? "not-probed-offline" : "not-asked";
    return { rung: "route", status: "skipped", headline: finding(code, {}), lines: [], evidence: [] };
  }
  const refused = agreements.filter((a) => a.answer.startsWith("RTNETLINK answers:"));
  const shown = agreements.filter((a) => !refused.includes(a) && a.step.kind === "route-output").slice(0, 1);
  const lines = [
    ...shown.map((a) =>
      finding("route-line", { node: placeName(a.step.netns), question: a.question, answer: a.answer }),
    ),
    ...refused.map((a) =>
      finding("route-refused", {
        node: placeName(a.step.netns),
        question: a.question,
        answer: a.answer.replace("RTNETLINK answers: ", ""),
      }),
    ),
  ];
  return {
    rung: "route",
    status: refused.length > 0 ? "failed" : "ok",
    headline: finding("route-agrees", { questions: agreements.length }),
    lines,
    evidence: [],
  };
}
