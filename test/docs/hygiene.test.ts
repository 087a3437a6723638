import { describe, expect, it } from "vitest";
import { documents } from "./documents.ts";

/** Directories of one person's machine, and hosts that packages come from. */
const MACHINE = /(?:^|[\s`'"(=:])\/(?:work|tmp|root|home|Users|mnt|opt)\//;
const HOST = /\b(?:registry|npmjs|yarnpkg|jfrog|artifactory|nexus|deb\.debian|archive\.ubuntu|ghcr|docker)\.[a-z]/i;
const WIDTH = 120;

describe("the documents", () => {
  const lines = documents().flatMap(({ path, lines: all }) =>
    all.map((line) => ({ ...line, at: `${path}:${line.number}` })),
  );

  it("name no machine's own paths and no registry's host", () => {
    expect(lines.filter(({ text }) => MACHINE.test(text) || HOST.test(text)).map(({ at }) => at)).toEqual([]);
    expect(MACHINE.test("see /home/me/x")).toBe(true);
    expect(HOST.test("https://registry.example.org/")).toBe(true);
  });

  it(`are wrapped at ${WIDTH} columns, but for tables and what is shown as it is`, () => {
    const wide = lines.filter(({ text, isCode }) => !isCode && !text.startsWith("|") && [...text].length > WIDTH);
    expect(wide.map(({ at }) => at)).toEqual([]);
  });

  it("have one title each, and headings in order", () => {
    for (const { path, lines: all } of documents()) {
      const levels = all.flatMap(({ text, isCode }) => (isCode ? [] : (/^(#+) /.exec(text)?.[1]?.length ?? [])));
      expect(
        levels.filter((level) => level === 1),
        path,
      ).toHaveLength(1);
      expect(levels[0], path).toBe(1);
      for (const [i, level] of levels.entries()) expect(level - (levels[i - 1] ?? 0), path).toBeLessThanOrEqual(1);
    }
  });

  it("have decisions that are numbered without a gap", () => {
    const numbers = documents().flatMap(({ path }) => /^docs\/decisions\/(\d{4})-/.exec(path)?.[1] ?? []);
    expect(numbers.map(Number)).toEqual(numbers.map((_, i) => i + 1));
  });
});
