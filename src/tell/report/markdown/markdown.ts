import { INCIDENT_WORDS } from "../../i18n/incident/words.ts";
import type { IncidentWords } from "../../i18n/incident/en.ts";
import { printableLines } from "../finding-text.ts";
import type { Block, Cell, Report, Row } from "../incident/report.ts";
import { words } from "../incident/text.ts";
import { MARKS } from "../marks.ts";
import { fenced, inline } from "./escape.ts";
import { wayText } from "./way-text.ts";

/** A report in CommonMark with GitHub's tables. */
export function markdownOf(report: Report): string {
  const say = INCIDENT_WORDS[report.language];
  const parts = [
    `# ${inline(report.title, "line")}`,
    `**${report.badge}** — ${inline(report.summary, "line")}`,
    rows(report.meta, say),
    ...report.sections.flatMap((section) => [`## ${section.title}`, ...section.blocks.map((b) => blockOf(b, say))]),
  ];
  return `${parts.join("\n\n")}\n`;
}

function blockOf(block: Block, say: IncidentWords): string {
  switch (block.kind) {
    case "paragraph":
      return inline(block.text, "line");
    case "rows":
      return rows(block.rows, say);
    case "table":
      return [
        row(block.head.map((title) => ({ lines: [words(title)] }))),
        `|${(block.rows[0] ?? block.head).map((cell) => (typeof cell === "object" && cell.isNumber ? "---:|" : "---|")).join("")}`,
        ...block.rows.map(row),
      ].join("\n");
    case "commands":
      return fenced(block.lines.join("\n"), "sh");
    case "way":
      return fenced(wayText(block.way, say), "text");
    case "exhibit":
      return `### ${block.id}\n\n${inline(block.about, "line")}\n\n${fenced(printableLines(block.excerpt), "text")}`;
  }
}

function rows(all: readonly Row[], { colon }: IncidentWords): string {
  return all.map(({ label, text }) => `- **${label}**${colon}${inline(text, "line")}`).join("\n");
}

function row(cells: readonly Cell[]): string {
  return `| ${cells.map(cellOf).join(" | ")} |`;
}

function cellOf({ lines, mark }: Cell): string {
  const text = lines.map((line) => inline(line, "cell")).join("<br>");
  return mark === undefined ? text : `${MARKS[mark]} ${text}`;
}
