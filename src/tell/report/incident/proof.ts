import type { Verdict } from "../../../verdict/verdict.ts";
import type { IncidentWords } from "../../i18n/incident/en.ts";
import { WORDS } from "../../i18n/language.ts";
import type { Block, Cell, Section } from "./report.ts";
import { code, prose, references, words } from "./text.ts";
import { utc } from "./utc.ts";
import { wayOf } from "./way.ts";

export function pathSection(verdict: Verdict, say: IncidentWords): Section {
  const way = wayOf(verdict);
  const block: Block =
    way.stations.length === 0 ? { kind: "paragraph", text: words(say.noPath) } : { kind: "way", way };
  return { id: "path", title: say.sections.path, blocks: [block] };
}

export function timelineSection({ timeline }: Verdict, say: IncidentWords): Section {
  const { columns } = say;
  const rows = timeline.map(({ at, ms, text }): readonly Cell[] => [
    { lines: [code(utc(at))] },
    { lines: [ms === null ? [] : words(`${Math.round(ms)} ms`)], isNumber: true },
    { lines: [prose(text)] },
  ]);
  return {
    id: "timeline",
    title: say.sections.timeline,
    blocks: [{ kind: "table", head: [columns.at, columns.took, columns.event], rows }],
  };
}

/** Findings stand as they are told: a log line among them is code, whatever is in it. */
export function ladderSection({ ladder, language }: Verdict, say: IncidentWords): Section {
  const { columns } = say;
  const rows = ladder.map(({ rung, status, lines, evidence }): readonly Cell[] => [
    { lines: [words(WORDS[language].rungs[rung])] },
    { lines: [words(say.status[status])], mark: status },
    { lines: lines.map((line) => code(line.replace(/ {2,}/g, "  "))).filter((line) => line.length > 0) },
    { lines: [references(evidence)] },
  ]);
  return {
    id: "ladder",
    title: say.sections.ladder,
    blocks: [{ kind: "table", head: [columns.rung, columns.status, columns.finding, columns.evidence], rows }],
  };
}

export function notCheckedSection({ notChecked }: Verdict, say: IncidentWords): Section {
  const { columns } = say;
  const block: Block =
    notChecked.length === 0
      ? { kind: "paragraph", text: words(say.allChecked) }
      : {
          kind: "table",
          head: [columns.what, columns.why],
          rows: notChecked.map(({ what, why }) => [{ lines: [prose(what)] }, { lines: [prose(why)] }]),
        };
  return { id: "not-checked", title: say.sections.notChecked, blocks: [block] };
}

export function evidenceSection({ evidence }: Verdict, say: IncidentWords): Section {
  const blocks = evidence.map(({ id, voice, node, source, excerpt, at }): Block => {
    const where = node === null ? [] : [...words(" · "), ...code(node)];
    const about = [
      ...words(say.voiceNames[voice]),
      ...where,
      ...words(" · "),
      ...code(source),
      ...words(" · "),
      ...code(`${utc(at)} UTC`),
    ];
    return { kind: "exhibit", id, about, excerpt };
  });
  return { id: "evidence", title: say.sections.evidence, blocks };
}
