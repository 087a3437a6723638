import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "./documents.ts";

const read = (name: string): string => readFileSync(join(ROOT, name), "utf8");
const english = read("README.md");
const chinese = read("README.zh-CN.md");

describe("the README in Chinese says what the English one does", () => {
  const headings = (text: string) => [...text.matchAll(/^(#+) /gm)].map((match) => match[1]);
  const firstCells = (text: string) => [...text.matchAll(/^\| (`[^|]*`|\d+) \|/gm)].map((match) => match[1]);
  /** Blocks that are typed, not transcripts. */
  const typed = (text: string) => [...text.matchAll(/^ {4}(.*)$/gm)].map((match) => match[1]);
  const links = (text: string) =>
    new Set([...text.matchAll(/\]\(((?:docs|CONTRIBUTING|LICENSE)[^)]*)\)/g)].map((m) => m[1]));

  it("has its headings, typed commands, rows and links", () => {
    expect(headings(chinese)).toEqual(headings(english));
    expect(firstCells(chinese)).toEqual(firstCells(english));
    const bare = (text: string) => typed(text.replace(/```[\s\S]*?```/g, ""));
    expect(bare(chinese)).toEqual(bare(english));
    expect(links(chinese)).toEqual(links(english));
  });

  it("is linked from there, and back", () => {
    expect(english).toContain("(README.zh-CN.md)");
    expect(chinese).toContain("(README.md)");
  });
});
