import { lexer, type Token, type Tokens } from "marked";
import type { Report } from "../../src/tell/report/incident/report.ts";

/** What stands below each other in a document: `h2`, `list 4`, `table 3x2`, `code`. */
export function outlineOf(markdown: string): readonly string[] {
  return lexer(markdown).flatMap((token): string[] => {
    switch (token.type) {
      case "space":
        return [];
      case "heading":
        return [`h${(token as Tokens.Heading).depth}`];
      case "list":
        return [`list ${(token as Tokens.List).items.length}`];
      case "table": {
        const { header, rows } = token as Tokens.Table;
        return [`table ${rows.length}x${header.length}`];
      }
      default:
        return [token.type];
    }
  });
}

/** The same of a report, before it is Markdown. */
export function outlineOfReport(report: Report): readonly string[] {
  const blocks = report.sections.flatMap((section) => [
    "h2",
    ...section.blocks.flatMap((block): string[] => {
      switch (block.kind) {
        case "rows":
          return [`list ${block.rows.length}`];
        case "table":
          return [`table ${block.rows.length}x${block.head.length}`];
        case "exhibit":
          return ["h3", "paragraph", "code"];
        default:
          return [block.kind === "paragraph" ? "paragraph" : "code"];
      }
    }),
  ]);
  return ["h1", "paragraph", `list ${report.meta.length}`, ...blocks];
}

/** Every token of a document, those inside others as well. */
export function tokensOf(tokens: readonly Token[]): readonly Token[] {
  return tokens.flatMap((token) => {
    const cells =
      token.type === "table" ? [...(token as Tokens.Table).header, ...(token as Tokens.Table).rows.flat()] : [];
    const items = token.type === "list" ? (token as Tokens.List).items : [];
    const inner = [...cells.flatMap((cell) => cell.tokens), ...items.flatMap((item) => item.tokens)];
    return [token, ...tokensOf([...inner, ...("tokens" in token ? (token.tokens ?? []) : [])])];
  });
}

/** How inline tokens read: characters by number are decoded, line breaks of ours are newlines. */
export function readAs(tokens: readonly Token[]): string {
  return tokens
    .map((token) => {
      if (token.type === "html") return token.raw === "<br>" ? "\n" : token.raw;
      if (token.type === "codespan") return (token as Tokens.Codespan).text;
      if ("tokens" in token && token.tokens !== undefined) return readAs(token.tokens);
      return "text" in token ? decoded(token.raw) : token.raw;
    })
    .join("");
}

function decoded(text: string): string {
  return text.replace(/&#(\d+);/g, (_, number: string) => String.fromCodePoint(Number(number)));
}
