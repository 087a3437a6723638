import type { IncidentWords } from "../../i18n/incident/en.ts";
import { INCIDENT_WORDS } from "../../i18n/incident/words.ts";
import { printableLines } from "../finding-text.ts";
import type { Block, Cell, Report, Row } from "../incident/report.ts";
import { plain, type Span, type Text } from "../incident/text.ts";
import { wayText } from "../markdown/way-text.ts";
import { escaped } from "./escape.ts";
import { POLICY, STYLE } from "./style.ts";
import { waySvg } from "./way-svg.ts";

const LANGUAGE_TAGS = { en: "en", zh: "zh-CN" } as const;

/** A report as one page that needs nothing else, and that no text in it can bring to do anything. */
export function htmlOf(report: Report): string {
  const say = INCIDENT_WORDS[report.language];
  const sections = report.sections.map(
    ({ id, title, blocks }) =>
      `<section id="${id}">\n<h2>${escaped(title)}</h2>\n${blocks.map((block) => blockOf(block, say)).join("\n")}\n</section>`,
  );
  return `<!doctype html>
<html lang="${LANGUAGE_TAGS[report.language]}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escaped(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escaped(plain(report.title))}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header>
<p class="badge is-${report.outcome}">${escaped(report.badge)}</p>
<h1>${inline(report.title)}</h1>
<p class="summary">${inline(report.summary)}</p>
${rows(report.meta)}
</header>
${sections.join("\n")}
</main>
</body>
</html>
`;
}

function blockOf(block: Block, say: IncidentWords): string {
  switch (block.kind) {
    case "paragraph":
      return `<p>${inline(block.text)}</p>`;
    case "rows":
      return rows(block.rows);
    case "table":
      return table(block.head, block.rows);
    case "commands":
      return `<pre><code>${escaped(block.lines.join("\n"))}</code></pre>`;
    case "way":
      return [
        `<figure>${waySvg(block.way, say)}<figcaption>${escaped(say.drawn)}</figcaption></figure>`,
        `<details><summary>${escaped(say.asText)}</summary><pre>${escaped(wayText(block.way, say))}</pre></details>`,
      ].join("\n");
    case "exhibit":
      return `<div class="exhibit" id="${block.id}"><h3>${block.id}</h3><p>${inline(block.about)}</p><pre>${escaped(printableLines(block.excerpt))}</pre></div>`;
  }
}

function table(head: readonly string[], body: readonly (readonly Cell[])[]): string {
  const isNumber = (i: number): boolean => body[0]?.[i]?.isNumber === true;
  const titles = head.map(
    (title, i) => `<th scope="col"${isNumber(i) ? ' class="number"' : ""}>${escaped(title)}</th>`,
  );
  const lines = body.map((cells) => `<tr>${cells.map((cell, i) => cellOf(cell, head[i] ?? "")).join("")}</tr>`);
  return `<table>\n<thead><tr>${titles.join("")}</tr></thead>\n<tbody>\n${lines.join("\n")}\n</tbody>\n</table>`;
}

function cellOf({ lines, mark, isNumber }: Cell, label: string): string {
  const text =
    lines.length > 1
      ? lines.map((line) => `<span class="line">${inline(line)}</span>`).join("")
      : lines.map(inline).join("");
  const kind = mark !== undefined ? ` class="mark ${mark}"` : isNumber ? ' class="number"' : "";
  return text === "" ? "<td></td>" : `<td${kind} data-label="${escaped(label)}">${text}</td>`;
}

function rows(all: readonly Row[]): string {
  return `<dl>${all.map(({ label, text }) => `<dt>${escaped(label)}</dt><dd>${inline(text)}</dd>`).join("\n")}</dl>`;
}

function inline(text: Text): string {
  return text.map(spanHtml).join("");
}

function spanHtml({ kind, text }: Span): string {
  if (kind === "words") return escaped(text);
  if (kind === "evidence") return `<a href="#${escaped(text)}">${escaped(text)}</a>`;
  return `<code>${escaped(text)}</code>`;
}
