import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { kindOf, REPAIR_KINDS } from "../../src/change/repair/registry.ts";
import { CAUSES } from "../../src/think/causes/catalogue.ts";
import { MECHANISMS } from "../../src/think/causes/mechanisms.ts";
import { type Document, ROOT, readDocument, tableRows } from "./documents.ts";

const HEADINGS = [
  "Mechanism",
  "How it is met",
  "Evidence",
  "Repair and undo",
  "What brings it back",
  "How to verify",
] as const;
type Heading = (typeof HEADINGS)[number];

/** The index's own cells, by cause. */
const INDEX = new Map(tableRows(readDocument("docs/causes.md"), "Id").map(([id = "", ...cells]) => [id, cells]));

function section(page: Document, heading: Heading): readonly string[] {
  const start = page.lines.findIndex(({ text }) => text === `## ${heading}`);
  const rest = page.lines.slice(start + 1);
  const end = rest.findIndex(({ text }) => text.startsWith("## "));
  return (end < 0 ? rest : rest.slice(0, end)).map(({ text }) => text);
}

/** Prose as one line, however it is wrapped. */
function prose(lines: readonly string[]): string {
  return lines.join(" ").replaceAll(/\s+/g, " ").trim();
}

/** As a shell splits them: blanks, and single quotes around what holds one. */
function shellWords(text: string): readonly string[] {
  return [...text.matchAll(/(?:'[^']*'|[^\s'])+/g)].map(([word]) => word.replaceAll("'", ""));
}

/** `ID KEY=VALUE…`, as `lasthop repairs` prints a repair, and below it, indented, the commands it stands for. */
function examples(
  lines: readonly string[],
): readonly { id: string; params: Record<string, string>; commands: string[][] }[] {
  const found: { id: string; params: Record<string, string>; commands: string[][] }[] = [];
  for (const line of lines) {
    if (/^ {8}\S/.test(line)) found.at(-1)?.commands.push([...shellWords(line)]);
    else if (/^ {4}\S/.test(line)) {
      const [id = "", ...pairs] = shellWords(line);
      const params = pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]);
      found.push({ id, params: Object.fromEntries(params), commands: [] });
    }
  }
  return found;
}

it("there is a page for every cause, and for nothing else", () => {
  const pages = readdirSync(join(ROOT, "docs/causes")).map((name) => name.replace(/\.md$/, ""));
  expect(pages.sort()).toEqual(CAUSES.map(({ id }) => id).sort());
});

it("the index links every page", () => {
  const text = readDocument("docs/causes.md")
    .lines.map((line) => line.text)
    .join("\n");
  for (const { id } of CAUSES) expect(text).toContain(`[\`${id}\`](causes/${id}.md)`);
});

describe.each(CAUSES.map(({ id }) => id))("%s", (id) => {
  const page = readDocument(`docs/causes/${id}.md`);
  const [layer, means, seenAs, repair = ""] = INDEX.get(id) ?? [];

  it("has the index's words and every heading, none of them empty", () => {
    expect(page.lines[0]?.text).toBe(`# \`${id}\``);
    expect(
      prose(
        page.lines
          .slice(
            1,
            page.lines.findIndex(({ text }) => text.startsWith("|")),
          )
          .map((l) => l.text),
      ),
    ).toBe(`${means}.`);
    expect(tableRows(page, "Layer")).toEqual([[layer, seenAs, repair]]);
    expect(page.lines.flatMap(({ text }) => /^## (.+)/.exec(text)?.[1] ?? [])).toEqual([...HEADINGS]);
    for (const heading of HEADINGS) expect(prose(section(page, heading)), heading).not.toBe("");
  });

  it("explains the mechanism as a report does", () => {
    expect(prose(section(page, "Mechanism"))).toBe(MECHANISMS[id]?.en);
  });

  it("says what is seen in captures, in counters, and asked of the kernel", () => {
    const labels = section(page, "Evidence").flatMap((text) => /^- ([^:]+): \S/.exec(text)?.[1] ?? []);
    expect(labels).toEqual(["Captures", "Counters", "`ip route get`"]);
  });

  it("shows every repair that the index names, with the commands that it really stands for", () => {
    const shown = examples(section(page, "Repair and undo"));
    const named = [...repair.matchAll(/`([^`]+)`/g)].map(([, kind = ""]) => kind);
    expect(shown.map((example) => example.id)).toEqual(named);
    for (const { id: kind, params, commands } of shown) {
      expect(Object.keys(REPAIR_KINDS)).toContain(kind);
      expect(commands, kind).toEqual(kindOf(kind).bind(params).commands);
    }
  });

  it("ends in commands to verify it with", () => {
    expect(section(page, "How to verify").filter((text) => /^ {4}\S/.test(text))).not.toEqual([]);
  });
});
