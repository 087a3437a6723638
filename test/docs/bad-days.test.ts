import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ROOT, readDocument } from "./documents.ts";

it("docs/bad-days.md quotes what the code says", () => {
  const code = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .map((name) => readFileSync(join(ROOT, "src", name), "utf8").replaceAll("\\`", "`"))
    .join("\n");
  const quoted = readDocument("docs/bad-days.md").lines.flatMap(({ text }) =>
    text.startsWith("|") ? [...text.matchAll(/(?<![*\w])\*([^*|]+)\*(?![*\w])/g)].map(([, words = ""]) => words) : [],
  );
  expect(quoted.length).toBeGreaterThan(10);
  // Numbers, names in capitals and an ellipsis stand for what varies.
  const constant = quoted.flatMap((words) => words.split(/\d+|\b[A-Z]{3,}\b|\bN\b|…/)).map((part) => part.trim());
  for (const part of constant.filter((words) => words.length > 4)) expect(code).toContain(part);
});
