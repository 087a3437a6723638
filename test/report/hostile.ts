import fc from "fast-check";
import { type Verdict, verdictSchema } from "../../src/verdict/verdict.ts";

/** Pieces that would end, begin or turn something around in Markdown, HTML, a terminal or a line. */
const PIECES = [
  "`",
  "```",
  "~~~",
  "|",
  "\\",
  "\\|",
  "<script>alert(1)</script>",
  '<img src=x onerror="alert(1)">',
  "</pre></code></td></table>",
  "-->",
  "<!--",
  "]]>",
  "&lt;",
  "&#96;",
  "![x](http://198.51.100.1/x.png)",
  "[x](javascript:alert(1))",
  "https://198.51.100.1/",
  "www.example.org",
  "a@example.org",
  "@everyone",
  "GH-123",
  "0123456789abcdef0123456789abcdef01234567",
  "\u200b",
  "\u{e0041}",
  "**",
  "__",
  "# ",
  "> ",
  "- ",
  "1. ",
  "\n",
  "\n\n",
  "\r",
  "\t",
  "    ",
  "---",
  "===",
  "'",
  '"',
  "$$",
  "=",
  "\u001b[31m",
  "\u001b]0;title\u0007",
  "\u202e",
  "\u2066",
  "\u2028",
  "\u0000",
  "节点",
  "a",
  "k2",
  "0",
] as const;

export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.array(fc.constantFrom(...PIECES), { maxLength: 8 }).map((parts) => parts.join("")),
  fc.array(fc.constantFrom(...PIECES), { maxLength: 8 }).map((parts) => parts.join(" ")),
  fc.string({ unit: "binary", maxLength: 20 }),
);

/** What a verdict's schema leaves to nobody: codes and ids. */
const OWN = new Set([
  ...["schema", "language", "kind", "outcome", "confidence", "rung", "status", "voice", "direction", "leg", "header"],
]);

/** The same verdict with these texts in the place of its own, one after the other. */
export function withTexts(verdict: Verdict, texts: readonly string[]): Verdict {
  let next = 0;
  const draw = (): string => texts[next++ % texts.length] ?? "";
  const replaced = (value: unknown, key: string): unknown => {
    if (Array.isArray(value)) return value.map((item) => replaced(item, key));
    if (typeof value === "object" && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, replaced(inner, name)]));
    }
    return typeof value === "string" && !OWN.has(key) && !/^e\d+$/.test(value) ? draw() : value;
  };
  return verdictSchema.parse(replaced(verdict, ""));
}
