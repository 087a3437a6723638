import type { Conclusion, FoundCause, Voices } from "../../hunt/conclusion.ts";
import type { Event } from "../../hunt/events.ts";
import type { Findings } from "../../hunt/findings.ts";
import { causeById } from "../../think/causes/catalogue.ts";
import type { Repair, Verdict } from "../../verdict/verdict.ts";
import type { Words } from "../i18n/en.ts";
import type { IncidentWords } from "../i18n/incident/en.ts";
import { INCIDENT_WORDS } from "../i18n/incident/words.ts";
import type { Language } from "../i18n/language.ts";
import { phraseText } from "../i18n/phrases.ts";
import { findingText, printable } from "./finding-text.ts";
import { notCheckedInWords } from "./not-checked-text.ts";

const MOST_OF_AN_EXCERPT = 2000;

/** A conclusion in words, in the shape that `-o json` prints. `repairs` come with their commands derived. */
export function toVerdict(
  conclusion: Conclusion,
  options: {
    readonly version: string;
    readonly words: Words;
    readonly language: Language;
    readonly repairs: readonly Repair[];
  },
): Verdict {
  const { words, language } = options;
  const { cause } = conclusion;
  return {
    schema: "lasthop/verdict/v1",
    lasthop: options.version,
    language,
    symptom: { ...conclusion.symptom, from: phraseText(conclusion.symptom.from, words) },
    outcome: conclusion.outcome,
    confidence: conclusion.confidence,
    summary: printable(summaryOf(conclusion, words, language)),
    cause: cause === null ? null : withoutParams(cause),
    otherCauses: conclusion.otherCauses.map((other) => ({ ...withoutParams(other), confidence: other.confidence })),
    lastHop: conclusion.lastHop,
    voices: voicesInWords(conclusion.voices, words),
    ladder: conclusion.ladder.map((rung) => {
      const lines = [rung.headline, ...rung.lines].map((f) => findingText(f, words));
      return {
        rung: rung.rung,
        status: rung.status,
        finding: words.inOneFinding(lines),
        lines,
        evidence: [...rung.evidence],
      };
    }),
    branches: conclusion.branches.map((branch) => ({ ...branch })),
    path: conclusion.path.map((hop) => ({ ...hop })),
    evidence: conclusion.evidence.map((item) => ({
      ...item,
      source: phraseText(item.source, words),
      excerpt: phraseText(item.excerpt, words).slice(0, MOST_OF_AN_EXCERPT),
    })),
    affected: { pods: [...conclusion.affected.pods], services: [...conclusion.affected.services] },
    repairs: [...options.repairs],
    recurrence: conclusion.recurrence.map((item) => ({
      ...item,
      by: phraseText(item.by, words),
      when: phraseText(item.when, words),
    })),
    notChecked: conclusion.notChecked.map((item) => notCheckedInWords(item, words)),
    offline: conclusion.offline,
    timeline: conclusion.timeline.map((event) => ({
      at: event.at,
      ms: event.ms,
      event: event.code,
      text: eventText(event, INCIDENT_WORDS[language]),
    })),
    // How long this machine took over a recording is no part of its answer, which is always the same.
    timings: conclusion.offline ? { totalMs: 0 } : { ...conclusion.timings },
  };
}

function voicesInWords({ predict, ask, witness, whatIf, dissent }: Voices, words: Words): Verdict["voices"] {
  const { voices: say } = words;
  return {
    predict:
      predict === null ? null : printable(say.predict({ ...predict, detail: phraseText(predict.detail, words) })),
    ask: ask === null ? null : printable(say.ask(ask)),
    witness: witness === null ? null : printable(say.witness(witness)),
    whatIf: whatIf === null ? null : printable(say.whatIf(whatIf)),
    dissent: dissent.map((what) => printable(phraseText(what, words))),
  };
}

function eventText({ code, params }: Event, words: IncidentWords): string {
  const say = words.events[code] as (params: unknown) => string;
  return printable(say(params));
}

export function summaryOf(conclusion: Conclusion, words: Words, language: Language): string {
  const { cause, lastHop } = conclusion;
  const ofCause = cause === null ? null : causeSummary(cause, language);
  if (ofCause !== null) return ofCause;
  if (conclusion.outcome === "healthy") return conclusion.offline ? words.healthyOffline : words.healthy;
  if (conclusion.outcome === "unknown") {
    const isUnreached = conclusion.ladder.some(({ rung, status }) => rung === "reach" && status === "failed");
    return isUnreached ? words.notReachedDirectly : words.notReproduced;
  }
  const server = lastHop === null ? serverAtFault(conclusion) : null;
  if (server !== null) return words.serverAtFault(server);
  if (lastHop === null || lastHop.interface === null) return words.unknown;
  const { node, netns } = lastHop;
  // A pod's eth0 is not its node's.
  const where = netns === "host" ? node : `${node} ${netns}`;
  return words.unknownAt({ at: `${where} ${lastHop.interface} ${lastHop.direction ?? ""}`.trim() });
}

/** All packets were seen wherever they should be, and yet the tries failed: who answered so, or not at all. */
function serverAtFault({ ladder }: Conclusion): (Findings["http-from"] & { readonly silent: string | null }) | null {
  const from = ladder[0]?.lines.find((line) => line.code === "http-from");
  const isSeen = ladder.some(({ rung, status }) => rung === "capture" && status === "ok");
  const isLost = ladder.slice(1).some(({ status }) => status === "failed");
  if (from?.code !== "http-from" || !isSeen || isLost) return null;
  const own = ladder.flatMap(({ lines }) => lines).find((line) => line.code === "reach-own");
  return { ...from.params, silent: own?.code === "reach-own" && own.params.answered === 0 ? own.params.to : null };
}

/** Null when the catalogue has no such cause. */
export function causeSummary(cause: Pick<FoundCause, "id" | "params">, language: Language): string | null {
  return causeById(cause.id)?.words[language].summary(cause.params) ?? null;
}

function withoutParams<T extends { readonly params: unknown }>({ params: _, ...rest }: T): Omit<T, "params"> {
  return rest;
}
