import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { verdictJsonSchema } from "../../src/verdict/json-schema.ts";
import { ROOT } from "./documents.ts";

it("docs/verdict.schema.json is what scripts/schema.mjs writes today", () => {
  const published = readFileSync(join(ROOT, "docs/verdict.schema.json"), "utf8");
  expect(JSON.parse(published)).toEqual(JSON.parse(JSON.stringify(verdictJsonSchema())));
});
