import { describe, expect, it } from "vitest";
import { z } from "zod";
import { causeById } from "../../src/think/causes/catalogue.ts";
import { DISPOSITIONS } from "../../src/think/walk/dispositions.ts";
import { exitStatusOf, verdictSchema } from "../../src/verdict/verdict.ts";
import { fencedBlocks, readDocument, tableRows } from "./documents.ts";

const document = readDocument("docs/verdict.md");
const [block = ""] = fencedBlocks(document, "json");

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
}

/** Every key of the schema: `cause.id`, `ladder[].rung`. Below `otherCauses` are the keys of `cause`. */
function keysOf(schema: JsonSchema, prefix = ""): string[] {
  const inner = [schema, ...(schema.anyOf ?? [])];
  const items = inner.flatMap((one) =>
    one.items === undefined ? [] : keysOf(one.items, prefix.replace(/\.$/, "[].")),
  );
  const own = inner.flatMap((one) =>
    Object.entries(one.properties ?? {}).flatMap(([key, value]) => [
      `${prefix}${key}`,
      ...(key === "otherCauses" ? [] : keysOf(value, `${prefix}${key}.`)),
    ]),
  );
  return [...own, ...items];
}

/** Keys that are there and not in the schema are as wrong as the reverse. */
function strange(value: unknown, known: unknown, at = ""): string[] {
  if (Array.isArray(value)) {
    return value.flatMap((item, i) => strange(item, (known as unknown[])[i], `${at}[${i}]`));
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key in (known as object)
      ? strange(inner, (known as Record<string, unknown>)[key], `${at}.${key}`)
      : [`${at}.${key}`],
  );
}

describe("the verdict in docs/verdict.md", () => {
  it("is one of the schema, without a key too many", () => {
    const value: unknown = JSON.parse(block);
    const parsed = verdictSchema.parse(value);
    expect(strange(value, parsed)).toEqual([]);
    expect(exitStatusOf(parsed)).toBe(1);
  });

  it("names a cause, dispositions and evidence that exist", () => {
    const verdict = verdictSchema.parse(JSON.parse(block));
    expect(causeById(verdict.cause?.id ?? "")?.id).toBe("ip-forward-off");
    const codes = [verdict.lastHop?.disposition, ...verdict.branches.map((b) => b.predicted)];
    for (const code of codes) expect(Object.keys(DISPOSITIONS)).toContain(code);
    const ids = new Set(verdict.evidence.map((e) => e.id));
    for (const { evidence } of verdict.ladder) for (const id of evidence) expect(ids).toContain(id);
  });

  it("has every key of the schema explained, and no other", () => {
    const keys = tableRows(document, "Key").map(([key]) => key);
    const schema = z.toJSONSchema(verdictSchema, { io: "output" }) as JsonSchema;
    expect(new Set(keys)).toEqual(new Set(keysOf(schema)));
    expect(keys).toHaveLength(new Set(keys).size);
  });
});
