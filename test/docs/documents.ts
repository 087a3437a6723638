import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** A document for people, by its path from the root of the checkout. */
export interface Document {
  readonly path: string;
  readonly lines: readonly Line[];
}

export interface Line {
  readonly number: number;
  readonly text: string;
  /** Inside a fence, or indented by four blanks after an empty line: shown as it is. */
  readonly isCode: boolean;
  /** The word after the fence's backticks; null outside of one. */
  readonly fence: string | null;
}

/** Everything that this folder's tests hold to the code: README, CONTRIBUTING, CHANGELOG and docs/, but for what is printed. */
export function documents(): readonly Document[] {
  const below = readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md") && name !== "example-report.md")
    .map((name) => `docs/${name}`);
  return ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", ...below.sort()].map(readDocument);
}

export function readDocument(path: string): Document {
  const lines: Line[] = [];
  let fence: string | null = null;
  let isBlock = false;
  for (const [index, text] of readFileSync(join(ROOT, path), "utf8").split("\n").entries()) {
    const edge = /^```(\w*)$/.exec(text);
    const before = lines.at(-1);
    isBlock = fence === null && /^ {4,}\S/.test(text) && (isBlock || before === undefined || before.text === "");
    if (edge !== null) fence = fence === null ? (edge[1] ?? "") : null;
    lines.push({ number: index + 1, text, isCode: edge === null && (fence !== null || isBlock), fence });
  }
  return { path, lines };
}

/** The content of every fenced block with this language. */
export function fencedBlocks(document: Document, language: string): readonly string[] {
  const blocks: string[][] = [];
  let wasInside = false;
  for (const { text, isCode, fence } of document.lines) {
    const isInside = isCode && fence === language;
    if (isInside && !wasInside) blocks.push([]);
    if (isInside) blocks.at(-1)?.push(text);
    wasInside = isInside;
  }
  return blocks.map((block) => block.join("\n"));
}

/** What stands between single backticks, outside of blocks. */
export function inlineCode(document: Document): readonly { readonly number: number; readonly text: string }[] {
  return document.lines.flatMap(({ number, text, isCode }) =>
    isCode ? [] : [...text.matchAll(/`([^`]+)`/g)].map((match) => ({ number, text: match[1] ?? "" })),
  );
}

/** The rows of the table below this heading cell, each with its cells; code marks and a link are taken off the first. */
export function tableRows(document: Document, firstHeading: string): readonly (readonly string[])[] {
  const start = document.lines.findIndex(({ text }) => text.startsWith(`| ${firstHeading} |`));
  if (start < 0) throw new Error(`${document.path} has no table that begins with ${firstHeading}`);
  const rows: string[][] = [];
  for (const { text } of document.lines.slice(start + 2)) {
    if (!text.startsWith("|")) break;
    const cells = text.split("|").slice(1, -1);
    rows.push(cells.map((cell, i) => (i === 0 ? bare(cell.trim()) : cell.trim())));
  }
  return rows;
}

function bare(cell: string): string {
  return cell.replace(/^\[(.*)\]\(.*\)$/, "$1").replaceAll("`", "");
}

/** `#who-wins-at-the-next-reload`, as web views make them of headings. */
export function anchors(document: Document): ReadonlySet<string> {
  const headings = document.lines.flatMap(({ text, isCode }) => (isCode ? [] : (/^#+ (.+)$/.exec(text)?.[1] ?? [])));
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} -]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}
