import { causeById } from "../../../think/causes/catalogue.ts";
import { MECHANISMS } from "../../../think/causes/mechanisms.ts";
import { isNodeSysctl, type Verdict, type VerdictCause } from "../../../verdict/verdict.ts";
import type { IncidentWords } from "../../i18n/incident/en.ts";
import { WORDS } from "../../i18n/language.ts";
import { whatNullMeans } from "../cause-values.ts";
import type { Block, Row, Section } from "./report.ts";
import { isLastHopSeen } from "./way.ts";
import { code, marked, prose, quotesOf, references, type Text, words } from "./text.ts";

/** So many names are told; of more the number. */
const MOST_NAMES = 50;

/** How it ended, how sure that is, and what each voice said. */
export function outcomeSection(verdict: Verdict, say: IncidentWords): Section {
  const { voices, confidence, lastHop } = verdict;
  const told = (label: string, said: string | null, ids: readonly string[]): readonly Row[] =>
    said === null ? [] : [{ label, text: withReferences(prose(said, quotesOf(verdict.cause)), ids) }];
  const { labels } = say;
  const rows: Row[] = [
    { label: labels.outcome, text: words(say.outcome[verdict.outcome]) },
    ...(confidence === null
      ? []
      : [
          {
            label: labels.confidence,
            text: words(`${say.confidence[confidence]}${say.colon}${say.confidenceMeans[confidence]}`),
          },
        ]),
    ...told(labels.predict, voices.predict, idsOf(verdict, "predict")),
    ...told(labels.ask, voices.ask, asked(verdict)),
    ...told(labels.witness, voices.witness, rungEvidence(verdict, "capture")),
    ...told(labels.whatIf, voices.whatIf, []),
    ...voices.dissent.map((what) => ({ label: labels.dissent, text: prose(what) })),
    ...(lastHop === null ? [] : [{ label: labels.lastHop, text: lastHopText(lastHop, verdict) }]),
  ];
  return { id: "outcome", title: say.sections.outcome, blocks: [{ kind: "rows", rows }] };
}

function lastHopText(hop: NonNullable<Verdict["lastHop"]>, verdict: Verdict): Text {
  const at = hop.interface === null ? null : `${hop.interface} ${hop.direction ?? ""}`.trim();
  const { node, netns, leg, expectedNext: next } = hop;
  return prose(WORDS[verdict.language].lastHop({ node, netns, at, leg, next, isSeen: isLastHopSeen(verdict) }));
}

function withReferences(text: Text, ids: readonly string[]): Text {
  return ids.length === 0 ? text : [...text, ...words(" "), ...references(ids)];
}

function idsOf({ evidence }: Verdict, voice: string): readonly string[] {
  return evidence.filter((e) => e.voice === voice).map((e) => e.id);
}

/** The question that the verdict quotes. */
function asked({ evidence, voices: { ask } }: Verdict): readonly string[] {
  const quoted = evidence.filter((e) => e.voice === "ask" && ask?.includes(e.source) && ask.includes(e.excerpt));
  return quoted.slice(0, 1).map((e) => e.id);
}

function rungEvidence({ ladder }: Verdict, rung: string): readonly string[] {
  return ladder.find((r) => r.rung === rung)?.evidence ?? [];
}

/** What the cause is, and how it stops a packet. */
export function causeSection(verdict: Verdict, say: IncidentWords): Section {
  const { cause, otherCauses, lastHop } = verdict;
  const ends = lastHop === null ? [] : [{ label: say.labels.ends, text: code(lastHop.disposition) }];
  const blocks: Block[] = [];
  if (cause === null) blocks.push({ kind: "paragraph", text: words(say.noCause) });
  else {
    blocks.push({ kind: "paragraph", text: marked(MECHANISMS[cause.id]?.[verdict.language] ?? say.unexplained) });
    blocks.push({ kind: "rows", rows: [...causeRows(cause, say), ...ends] });
  }
  for (const other of otherCauses) {
    const label = `${say.labels.also}${say.inBrackets(say.confidence[other.confidence])}`;
    blocks.push({ kind: "rows", rows: [{ label, text: code(other.id) }, ...causeRows(other, say)] });
  }
  return { id: "cause", title: say.sections.cause, blocks };
}

function causeRows(cause: VerdictCause, say: IncidentWords): readonly Row[] {
  const { labels } = say;
  const where = [cause.node, cause.netns === "host" ? null : cause.netns].filter((part) => part !== null);
  return [
    ...(causeById(cause.id) === null ? [] : [{ label: labels.cause, text: code(cause.id) }]),
    ...(where.length === 0 ? [] : [{ label: labels.where, text: code(where.join(" ")) }]),
    { label: labels.object, text: code(cause.object) },
    ...valueRows(cause, say),
  ];
}

function valueRows(cause: VerdictCause, { labels, absent, remove }: IncidentWords): readonly Row[] {
  const { found, wanted } = cause;
  const { isAbsent, isToGo } = whatNullMeans(cause);
  const is = found !== null ? code(found) : isAbsent ? words(absent) : null;
  const shall = wanted !== null ? code(wanted) : isToGo ? words(remove) : null;
  return [
    ...(is === null ? [] : [{ label: labels.found, text: is }]),
    ...(shall === null ? [] : [{ label: labels.wanted, text: shall }]),
  ];
}

/** Whom it hits besides, and how its own ways fared. */
export function impactSection({ affected, branches }: Verdict, say: IncidentWords): Section {
  const { labels, columns } = say;
  const blocks: Block[] = [];
  const rows = [...names(labels.pods, affected.pods, say), ...names(labels.services, affected.services, say)];
  if (rows.length === 0) blocks.push({ kind: "paragraph", text: words(say.nobodyHit) });
  else blocks.push({ kind: "rows", rows });
  if (branches.length > 0) {
    blocks.push({ kind: "paragraph", text: words(say.branches) });
    blocks.push({
      kind: "table",
      head: [columns.to, columns.attempts, columns.answered, columns.predicted],
      rows: branches.map((b) => [
        { lines: [code(b.to)] },
        { lines: [words(String(b.attempts))], isNumber: true },
        { lines: [words(String(b.answered))], isNumber: true },
        { lines: [code(b.predicted)] },
      ]),
    });
  }
  return { id: "impact", title: say.sections.impact, blocks };
}

function names(label: string, all: readonly string[], say: IncidentWords): readonly Row[] {
  if (all.length === 0) return [];
  const shown = all
    .slice(0, MOST_NAMES)
    .flatMap((name, i): Text => [...(i === 0 ? [] : words(say.comma)), ...code(name)]);
  const more = all.length > MOST_NAMES ? words(say.more({ count: all.length - MOST_NAMES })) : [];
  return [{ label: `${label}${say.inBrackets(String(all.length))}`, text: [...shown, ...more] }];
}

/** Who will set it back. */
export function recurrenceSection({ recurrence, offline, cause }: Verdict, say: IncidentWords): Section {
  const { columns } = say;
  const nobody = offline ? say.notLooked : isNodeSysctl(cause) ? say.noRecurrence : say.noNodeSysctl;
  const blocks: readonly Block[] =
    recurrence.length === 0
      ? [{ kind: "paragraph", text: words(nobody) }]
      : [
          {
            kind: "table",
            head: [columns.by, columns.when, columns.file],
            rows: recurrence.map(({ by, when, file, line }) => [
              { lines: [prose(by)] },
              { lines: [prose(when)] },
              { lines: [file === null ? [] : code(line === null ? file : `${file}:${line}`)] },
            ]),
          },
        ];
  return { id: "recurrence", title: say.sections.recurrence, blocks };
}
