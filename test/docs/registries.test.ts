import { describe, expect, it } from "vitest";
import { BUNDLE_ERRORS } from "../../src/read/bundle/bundle-error.ts";
import { CHANGE_ERRORS } from "../../src/change/change-error.ts";
import { REPAIR_KINDS } from "../../src/change/repair/registry.ts";
import { EXIT } from "../../src/cli/run.ts";
import { listFaults } from "../../src/lab/fault.ts";
import { en } from "../../src/tell/i18n/en.ts";
import { CAUSES } from "../../src/think/causes/catalogue.ts";
import { MECHANISMS } from "../../src/think/causes/mechanisms.ts";
import { DISPOSITIONS } from "../../src/think/walk/dispositions.ts";
import { confidenceSchema, outcomeSchema, rungSchema } from "../../src/verdict/verdict.ts";
import { readDocument, tableRows } from "./documents.ts";

function table(path: string, heading: string): readonly (readonly string[])[] {
  return tableRows(readDocument(path), heading);
}

function firsts(rows: readonly (readonly string[])[]): readonly string[] {
  return rows.map(([first]) => first ?? "");
}

/** Identifiers of repairs and dispositions that a cell names. */
function named(cell: string | undefined): readonly string[] {
  return [...(cell ?? "").matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? "");
}

describe("tables in the documents equal the code", () => {
  it("dispositions, word by word", () => {
    expect(Object.fromEntries(table("docs/dispositions.md", "Code").map(([code, text]) => [code, text]))).toEqual(
      DISPOSITIONS,
    );
  });

  it("causes, in the catalogue's order, with their layers", () => {
    const rows = table("docs/causes.md", "Id");
    expect(rows.map(([id, layer]) => [id, layer])).toEqual(CAUSES.map(({ id, layer }) => [id, layer]));
  });

  it("causes have their mechanism told in both languages", () => {
    expect(new Set(Object.keys(MECHANISMS))).toEqual(new Set(CAUSES.map(({ id }) => id)));
    for (const { en, zh } of Object.values(MECHANISMS)) {
      expect(en).toMatch(/^[A-Z][^\n]+[.]$/);
      expect(zh).toMatch(/^[^\n]*\p{Script=Han}[^\n]*。$/u);
    }
  });

  it("causes name dispositions and repairs that exist", () => {
    for (const [id, , , seenAs, repair] of table("docs/causes.md", "Id")) {
      for (const code of named(seenAs).filter((word) => /^[A-Z_]+$/.test(word))) {
        expect(Object.keys(DISPOSITIONS), `${id}: ${code}`).toContain(code);
      }
      for (const kind of named(repair)) expect(Object.keys(REPAIR_KINDS), `${id}: ${kind}`).toContain(kind);
    }
  });

  it("repairs", () => {
    expect(firsts(table("docs/repair.md", "Id"))).toEqual(Object.keys(REPAIR_KINDS));
  });

  it("errors of a change, with the words that are printed", () => {
    const rows = table("docs/errors.md", "Code");
    expect(firsts(rows)).toEqual([...CHANGE_ERRORS]);
    expect(Object.fromEntries(rows.map(([code, what]) => [code, what]))).toEqual(en.changeErrors);
    for (const [code, , helps] of rows) expect(helps, code).not.toBe("");
  });

  it("errors of a bundle, with the words that are printed", () => {
    const rows = table("docs/errors.md", "Bundle");
    expect(firsts(rows)).toEqual([...BUNDLE_ERRORS]);
    expect(Object.fromEntries(rows.map(([code, what]) => [code, what]))).toEqual(en.bundleErrors);
    for (const [code, , helps] of rows) expect(helps, code).not.toBe("");
  });

  it("faults of the lab, as `lasthop lab fault` prints them", () => {
    const rows = table("docs/lab.md", "Fault");
    expect(rows.map(([id, summary]) => [id, summary])).toEqual(listFaults().map(({ id, summary }) => [id, summary.en]));
  });

  it("rungs", () => {
    expect(firsts(table("docs/ladder.md", "Rung"))).toEqual(rungSchema.options);
  });

  it("outcomes and confidences", () => {
    expect(firsts(table("docs/how-it-works.md", "Outcome"))).toEqual(outcomeSchema.options);
    expect(firsts(table("docs/how-it-works.md", "Confidence"))).toEqual(confidenceSchema.options);
  });

  it("exit statuses, in the README and among the errors", () => {
    const statuses = Object.values(EXIT).map(String);
    expect(firsts(table("README.md", "Exit status"))).toEqual(statuses);
    expect(firsts(table("docs/errors.md", "Status"))).toEqual(statuses);
  });
});
