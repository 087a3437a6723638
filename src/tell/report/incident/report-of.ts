import type { Verdict } from "../../../verdict/verdict.ts";
import type { IncidentWords } from "../../i18n/incident/en.ts";
import { INCIDENT_WORDS } from "../../i18n/incident/words.ts";
import { causeSection, impactSection, outcomeSection, recurrenceSection } from "./findings.ts";
import { repairSection, verifySection } from "./actions.ts";
import { evidenceSection, ladderSection, notCheckedSection, pathSection, timelineSection } from "./proof.ts";
import type { Report, Row } from "./report.ts";
import { code, prose, quotesOf, words } from "./text.ts";
import { utc } from "./utc.ts";

/** A verdict as an incident report: nothing in it is not in the verdict, but for the mechanism of its cause. */
export function reportOf(verdict: Verdict): Report {
  const say = INCIDENT_WORDS[verdict.language];
  const isBroken = verdict.outcome === "broken";
  const sections = [
    outcomeSection(verdict, say),
    ...(isBroken ? [causeSection(verdict, say), impactSection(verdict, say)] : []),
    pathSection(verdict, say),
    timelineSection(verdict, say),
    ladderSection(verdict, say),
    ...(isBroken ? [repairSection(verdict, say), recurrenceSection(verdict, say)] : []),
    verifySection(verdict, say),
    notCheckedSection(verdict, say),
    evidenceSection(verdict, say),
  ];
  return {
    language: verdict.language,
    title: [...words(isBroken ? say.title : say.titleOther), ...code(verdict.symptom.input)],
    summary: prose(verdict.summary, quotesOf(verdict.cause)),
    outcome: verdict.outcome,
    confidence: verdict.confidence,
    badge: badgeOf(verdict, say),
    meta: metaOf(verdict, say),
    sections,
  };
}

function badgeOf({ outcome, confidence }: Verdict, say: IncidentWords): string {
  return [say.outcome[outcome], ...(confidence === null ? [] : [say.confidence[confidence]])].join(" · ");
}

function metaOf({ symptom, timeline, timings, lasthop, offline }: Verdict, say: IncidentWords): readonly Row[] {
  const [first] = timeline;
  const seconds = (timings.totalMs / 1000).toFixed(1);
  return [
    { label: say.labels.symptom, text: code(symptom.input) },
    { label: say.labels.from, text: prose(symptom.from) },
    ...(first === undefined || offline
      ? []
      : [{ label: say.labels.when, text: prose(say.when({ from: utc(first.at), seconds })) }]),
    { label: say.labels.tool, text: prose(say.tool({ version: lasthop, offline })) },
  ];
}
