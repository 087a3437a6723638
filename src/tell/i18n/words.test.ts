import { expect, test } from "vitest";
import { en } from "./en.ts";
import { zh } from "./zh.ts";

/** Terms that both languages share, and what is typed. */
const SHARED = /^[\s\w|:/[\].,'→`${}()<>-]*$/;

function leaves(words: unknown, path = ""): readonly (readonly [string, unknown])[] {
  if (typeof words !== "object" || words === null) return [[path, words]];
  return Object.entries(words).flatMap(([key, value]) => leaves(value, `${path}/${key}`));
}

test("both languages say the same things, and no sentence is left in English", () => {
  const chinese = new Map(leaves(zh));
  expect([...chinese.keys()].sort()).toEqual(
    leaves(en)
      .map(([path]) => path)
      .sort(),
  );
  const same = leaves(en).filter(([path, said]) => typeof said === "string" && chinese.get(path) === said);
  for (const [path, said] of same) {
    const isTerm = String(said).split(" ").length <= 2 || /[|[]/.test(String(said));
    expect(isTerm && SHARED.test(String(said)), path).toBe(true);
  }
});

test("each value that English says is said in Chinese", () => {
  const names = (say: unknown): readonly string[] =>
    [...new Set([...String(say).matchAll(/\bp\.(\w+)/g)].map((match) => match[1] ?? ""))].sort();
  const chinese = new Map(leaves(zh));
  for (const [path, say] of leaves(en))
    if (typeof say === "function") expect(names(chinese.get(path)), path).toEqual(names(say));
});
