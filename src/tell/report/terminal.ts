import pc from "picocolors";
import stringWidth from "string-width";
import type { Conclusion, HuntEvent } from "../../hunt/conclusion.ts";
import type { Rung } from "../../hunt/findings.ts";
import { padTo } from "../columns.ts";
import type { Words } from "../i18n/en.ts";
import type { Language } from "../i18n/language.ts";
import { isMeant } from "../../think/causes/catalogue.ts";
import { findingText, printable } from "./finding-text.ts";
import { isLastHopSeen } from "./incident/way.ts";
import { MARKS } from "./marks.ts";
import { notCheckedText } from "./not-checked-text.ts";
import { phraseText } from "../i18n/phrases.ts";
import { causeSummary, summaryOf } from "./to-verdict.ts";

export interface Style {
  readonly words: Words;
  readonly language: Language;
  readonly color: boolean;
}

const INDENT = " ".repeat(13);

/** Where a hunt begins, and how it reaches the nodes. */
export function startText(event: HuntEvent & { readonly kind: "start" }, isOffline: boolean, words: Words): string {
  const start = { ...event, from: phraseText(event.from, words), via: phraseText(event.via, words) };
  return printable(isOffline ? words.offlineStart(start) : words.start(start));
}

/** A rung as it is climbed down: its mark, its name, its headline, and what is below it. */
export function rungText(rung: Rung, { words, color }: Style): string {
  const { green, red, dim, yellow } = pc.createColors(color);
  const paint = { ok: green, failed: red, skipped: dim, unknown: yellow }[rung.status];
  const head = `${paint(MARKS[rung.status])} ${padTo(words.rungs[rung.rung], 10)} ${findingText(rung.headline, words)}`;
  const lines = rung.lines.map((line) => {
    const text = findingText(line, words);
    return INDENT + (text.includes("←") ? text.replace(/←.*$/, (mark) => red(mark)) : text);
  });
  return [head, ...lines].join("\n");
}

/** What stands under the ladder: the cause and how it is known, whom it hits, what to do now. */
export function verdictText(conclusion: Conclusion, repairs: number, exitStatus: number, style: Style): string {
  const { words, language } = style;
  const { bold, dim, red, green, yellow, cyan } = pc.createColors(style.color);
  const { labels, voices: say } = words;
  const { voices } = conclusion;
  const paint = conclusion.outcome === "healthy" ? green : conclusion.confidence === "confirmed" ? red : yellow;
  const title =
    conclusion.outcome === "broken" && conclusion.confidence !== null && conclusion.cause !== null
      ? words.confidence[conclusion.confidence]
      : words.outcome[conclusion.outcome];
  const lines = ["", `${bold(paint(title))}  ${printable(summaryOf(conclusion, words, language))}`];
  const voice = (label: string, text: string): void => {
    lines.push(`  ${cyan(padTo(label, 8))} ${printable(text)}`);
  };
  if (conclusion.outcome !== "healthy") {
    if (voices.predict !== null)
      voice(labels.predict, say.predict({ ...voices.predict, detail: phraseText(voices.predict.detail, words) }));
    if (voices.ask !== null) voice(labels.ask, say.ask(voices.ask));
    if (voices.witness !== null) voice(labels.witness, say.witness(voices.witness));
    if (voices.whatIf !== null) voice(labels.whatIf, say.whatIf(voices.whatIf));
  }
  for (const what of voices.dissent)
    lines.push(`  ${yellow(printable(say.dissent({ what: phraseText(what, words) })))}`);

  const facts: [string, string][] = [];
  const { lastHop, affected } = conclusion;
  if (lastHop !== null) {
    const at = lastHop.interface === null ? null : `${lastHop.interface} ${lastHop.direction ?? ""}`.trim();
    facts.push([
      labels.lastHop,
      words.lastHop({
        node: lastHop.node,
        netns: lastHop.netns,
        at,
        leg: lastHop.leg,
        next: lastHop.expectedNext,
        isSeen: isLastHopSeen(conclusion),
      }),
    ]);
  }
  for (const other of conclusion.otherCauses) {
    const ofOther = causeSummary(other, language);
    facts.push([
      labels.also,
      words.inOneLine([
        words.confidence[other.confidence].toLowerCase(),
        ...(ofOther === null ? [other.id, other.object] : [ofOther]),
      ]),
    ]);
  }
  const hit = words.affected({ pods: affected.pods.length, node: affected.node, services: affected.services });
  if (hit !== "" && conclusion.outcome === "broken") facts.push([labels.affected, hit]);
  for (const item of conclusion.recurrence) {
    facts.push([
      labels.recurs,
      words.recurs({
        by: phraseText(item.by, words),
        when: phraseText(item.when, words),
        at: item.file === null ? null : `${item.file}${item.line === null ? "" : `:${item.line}`}`,
      }),
    ]);
  }
  for (const item of conclusion.notChecked.slice(0, 6)) facts.push([labels.notChecked, notCheckedText(item, words)]);
  const unsaid = conclusion.notChecked.length - 6;
  if (unsaid > 0) facts.push([labels.notChecked, words.moreNotChecked({ count: unsaid })]);
  if (facts.length > 0) lines.push("");
  const width = Math.max(0, ...facts.map(([label]) => stringWidth(label))) + 2;
  for (const [index, [label, text]] of facts.entries()) {
    const shown = facts[index - 1]?.[0] === label ? "" : label;
    lines.push(`${padTo(shown, width)}${printable(text)}`);
  }

  if (conclusion.outcome === "broken" && conclusion.cause !== null) {
    lines.push("");
    if (conclusion.offline) lines.push(`${labels.now}   ${words.next.offline}`);
    else if (repairs === 0)
      lines.push(`${labels.now}   ${isMeant(conclusion.cause.id) ? words.next.meant : words.next.none}`);
    else {
      const indent = " ".repeat(stringWidth(labels.now));
      lines.push(`${labels.now}   ${bold("lasthop repair")}            ${words.next.plan}`);
      lines.push(`${indent}   ${bold("lasthop repair --apply")}    ${words.next.apply}`);
    }
  }
  lines.push(dim(`${labels.exit} ${exitStatus} · ${(conclusion.timings.totalMs / 1000).toFixed(1)} s`));
  return lines.join("\n");
}
