import { existsSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";
import { anchors, documents, inlineCode, ROOT, readDocument } from "./documents.ts";

describe("links in the documents", () => {
  const links = documents().flatMap((document) =>
    document.lines.flatMap(({ number, text, isCode }) =>
      isCode
        ? []
        : [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => ({ document, number, target: match[1] ?? "" })),
    ),
  );

  it("are found", () => {
    expect(links.length).toBeGreaterThan(15);
  });

  it("lead to files and headings that exist", () => {
    const dead = links.flatMap(({ document, number, target }) => {
      const at = `${document.path}:${number}: ${target}`;
      if (/^[a-z]+:/.test(target)) return [`${at} leads out of the checkout`];
      const [file = "", anchor] = target.split("#");
      const path = file === "" ? document.path : normalize(join(dirname(document.path), file));
      if (!existsSync(join(ROOT, path))) return [at];
      return anchor === undefined || anchors(readDocument(path)).has(anchor) ? [] : [at];
    });
    expect(dead).toEqual([]);
  });

  it("and files of the checkout that are named exist", () => {
    const gone = documents().flatMap((document) =>
      inlineCode(document).flatMap(({ number, text }) => {
        const path = /^(?:src|test|docs|fixtures|scripts)\/[\w./-]+$/.exec(text)?.[0];
        return path === undefined || existsSync(join(ROOT, path)) ? [] : [`${document.path}:${number}: ${text}`];
      }),
    );
    expect(gone).toEqual([]);
  });
});
