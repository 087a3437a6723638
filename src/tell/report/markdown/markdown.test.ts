import fc from "fast-check";
import { lexer, type Tokens } from "marked";
import { describe, expect, test } from "vitest";
import { exampleVerdict } from "../../../../test/report/example.ts";
import { hostileText, withTexts } from "../../../../test/report/hostile.ts";
import { outlineOf, outlineOfReport, readAs, tokensOf } from "../../../../test/report/parsed-markdown.ts";
import { printable } from "../finding-text.ts";
import { reportOf } from "../incident/report-of.ts";
import type { Report } from "../incident/report.ts";
import { plain } from "../incident/text.ts";
import { inline } from "./escape.ts";
import { markdownOf } from "./markdown.ts";

const verdict = exampleVerdict();
/** What our own words are made of. */
const INLINE = new Set(["text", "codespan", "strong", "link", "html"]);
const BLOCKS = new Set(["heading", "paragraph", "list", "table", "code", "space"]);

function cellTexts({ sections }: Report): readonly string[] {
  return sections
    .flatMap(({ blocks }) => blocks)
    .flatMap((block) => (block.kind === "table" ? block.rows.flat() : []))
    .map((cell) => cell.lines.map(plain).join("\n"));
}

describe("an incident report in Markdown", () => {
  test.each(["en", "zh"] as const)("has the sections of a post-mortem (%s)", (language) => {
    const report = reportOf({ ...verdict, language });
    expect(report.sections.map(({ id }) => id)).toEqual([
      "outcome",
      "cause",
      "impact",
      "path",
      "timeline",
      "ladder",
      "repair",
      "recurrence",
      "verify",
      "not-checked",
      "evidence",
    ]);
    const markdown = markdownOf(report);
    expect(outlineOf(markdown)).toEqual(outlineOfReport(report));
    const headings = lexer(markdown).filter((t) => t.type === "heading");
    expect(headings.filter((h) => (h as Tokens.Heading).depth === 2).map((h) => (h as Tokens.Heading).text)).toEqual(
      report.sections.map(({ title }) => title),
    );
  });

  test("refers to its evidence, and all of it is there", () => {
    const tokens = tokensOf(lexer(markdownOf(reportOf(verdict))));
    const links = tokens.filter((t) => t.type === "link").map((t) => (t as Tokens.Link).href);
    const anchors = tokens.flatMap((t) => (t.type === "heading" && t.depth === 3 ? [`#${t.text}`] : []));
    expect(anchors).toEqual(verdict.evidence.map(({ id }) => `#${id}`));
    expect(links.length).toBeGreaterThan(8);
    for (const link of links) expect(anchors).toContain(link);
  });

  test("says of what sets it back whether anybody looked", () => {
    const told = (object: string, offline: boolean) => {
      const cause = verdict.cause === null ? null : { ...verdict.cause, object };
      const lines = markdownOf(reportOf({ ...verdict, cause, offline, recurrence: [] })).split("\n");
      return lines[lines.indexOf("## Recurrence") + 2];
    };
    expect(told("net.ipv4.ip_forward", false)).toBe("Nothing is known that will set it back.");
    expect(told("route 10.42.2.0/24 table main", false)).toBe("Not looked into: only sysctls of a node are.");
    expect(told("net.ipv4.ip_forward", true)).toMatch(/^Not looked into: a recording/);
  });

  test("of what is healthy has no cause and no repair", () => {
    const healthy = {
      ...verdict,
      outcome: "healthy",
      confidence: null,
      cause: null,
      lastHop: null,
      repairs: [],
    } as const;
    const ids = reportOf({ ...healthy, repairs: [] }).sections.map(({ id }) => id);
    expect(ids).toEqual(["outcome", "path", "timeline", "ladder", "verify", "not-checked", "evidence"]);
  });
});

describe("text of others", () => {
  test("breaks out of nothing: the document has the outline of the report, and its texts read as they are", () => {
    fc.assert(
      fc.property(fc.array(hostileText, { minLength: 1, maxLength: 40 }), (texts) => {
        const report = reportOf(withTexts(verdict, texts));
        const markdown = markdownOf(report);
        expect(outlineOf(markdown)).toEqual(outlineOfReport(report));
        const top = lexer(markdown);
        for (const token of tokensOf(top)) {
          const isBlock = BLOCKS.has(token.type);
          expect(isBlock || INLINE.has(token.type), `${token.type}: ${token.raw}`).toBe(true);
          if (token.type === "html") expect(token.raw).toBe("<br>");
          if (token.type === "link") expect((token as Tokens.Link).href).toMatch(/^#e\d+$/);
        }
        const cells = top.flatMap((t) => (t.type === "table" ? (t as Tokens.Table).rows.flat() : []));
        const read = cells.map((cell) => readAs(cell.tokens).replace(/^[✓✗·?] (?=\p{L})/u, ""));
        expect(read).toEqual(cellTexts(report));
      }),
      { numRuns: 150 },
    );
  });

  test("neither moves a cursor nor turns a line around", () => {
    fc.assert(
      fc.property(fc.array(hostileText, { minLength: 1, maxLength: 40 }), (texts) => {
        for (const line of markdownOf(reportOf(withTexts(verdict, texts))).split("\n")) {
          expect(printable(line)).toBe(line);
        }
      }),
      { numRuns: 100 },
    );
  });

  test.each([
    ["a|b", "cell", "`a\\|b`"],
    ["a|b", "line", "`a|b`"],
    ["a\\|b", "cell", "a&#92;&#124;b"],
    ["`", "line", "`` ` ``"],
    ["a``b`c", "line", "```a``b`c```"],
    [" a ", "line", "`  a  `"],
  ] as const)("%j in a %s is %s", (text, place, markdown) => {
    expect(inline([{ kind: "code", text }], place)).toBe(markdown);
  });
});
