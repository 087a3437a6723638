import fc from "fast-check";
import { expect, test } from "vitest";
import { printable } from "../tell/report/finding-text.ts";
import { jsonText } from "./write-json.ts";

test.each([
  ["\u061c", "\\u061c"],
  ["\u200b", "\\u200b"],
  ["\u{e0041}", "\\udb40\\udc41"],
  ["\u009b", "\\u009b"],
  ["节点", "节点"],
])("%j is written as %s", (text, written) => expect(jsonText(text)).toBe(`"${written}"`));

test("the value stays the same, and nothing in it is unprintable", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(JSON.parse(jsonText(text))).toBe(text);
      expect(printable(jsonText(text))).toBe(jsonText(text));
    }),
  );
});
