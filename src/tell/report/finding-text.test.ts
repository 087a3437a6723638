import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EVERY_FINDING } from "../../../test/explain/conclusions.ts";
import { type Finding, type Findings, finding } from "../../hunt/findings.ts";
import { en } from "../i18n/en.ts";
import { LANGUAGES, WORDS } from "../i18n/language.ts";
import { findingText, printable } from "./finding-text.ts";

const CODES = Object.keys(EVERY_FINDING) as (keyof Findings)[];

describe.each(LANGUAGES)("every finding is a sentence (%s)", (language) => {
  const words = WORDS[language];

  test.each(CODES)("%s", (code) => {
    const text = findingText({ code, params: EVERY_FINDING[code] } as Finding, words);
    expect(text.trim()).not.toBe("");
    expect(text).not.toMatch(/undefined|null|\[object|NaN/);
    expect(text).not.toContain("\n");
  });

  test.each(CODES)("%s says all that was found", (code) => {
    const text = findingText({ code, params: EVERY_FINDING[code] } as Finding, words);
    const names = ["node", "pod", "to", "line", "selector", "question", "answer", "reason", "rule", "address"];
    for (const [key, value] of Object.entries(EVERY_FINDING[code])) {
      // The question of a plain answer stands in the evidence.
      if (
        names.includes(key) &&
        !(code === "route-line" && key === "question") &&
        !(key === "pod" && code === "gateway-socket")
      ) {
        expect(text, key).toContain(String(value));
      }
    }
  });

  test("no code is without words, and no words without a code", () => {
    expect(Object.keys(words.findings).sort()).toEqual([...CODES].sort());
  });
});

describe("numbers", () => {
  test("one is not many", () => {
    expect(findingText(finding("endpoints-none-ready", { total: 1 }), en)).toBe("none of 1 endpoint is ready");
    expect(findingText(finding("endpoints-none-ready", { total: 2 }), en)).toBe("none of 2 endpoints is ready");
  });

  test("all that failed alike are said once, else each way with its count", () => {
    const all = { failed: 3, tries: 3, how: [{ outcome: "timeout", count: 3 }] };
    expect(findingText(finding("answers-some", all), en)).toBe("timeout, 3 of 3 tries");
    const some = {
      failed: 2,
      tries: 3,
      how: [
        { outcome: "502", count: 1 },
        { outcome: "timeout", count: 1 },
      ],
    };
    expect(findingText(finding("answers-some", some), en)).toBe("2 of 3 tries failed: 1 × 502, 1 timeout");
  });

  test("what was not counted is not nought", () => {
    const line = findingText(finding("capture-line", EVERY_FINDING["capture-line"]), en);
    expect(line).toMatch(/\?\s+← last hop$/);
  });
});

describe("text from a node", () => {
  test.each([
    ["a\u001b[31mred\u001b[0m", "a[31mred[0m"],
    ["a\r\nCONFIRMED  nothing is wrong", "a CONFIRMED  nothing is wrong"],
    ["a\tb", "a b"],
    ["\u009b31m\u0007\u0000x\u007f", "31mx"],
    ["abc\u202ednd\u2066x\u2069\u200f\u061c", "abcdndx"],
    ["na\u200bme\u200d\ufeff\u00ad\u2063\u{e0041}", "name"],
    ["one\u2028two\u2029three", "one two three"],
    ["节点 k2 · → ✗ 802.1q/é", "节点 k2 · → ✗ 802.1q/é"],
  ])("%j is printed as %j", (text, shown) => expect(printable(text)).toBe(shown));

  test("can neither move the cursor nor begin a line nor turn one around", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const shown = printable(findingText(finding("gateway-log", { line: text }), en));
        expect(
          [...shown].some((c) =>
            /[\p{Cc}\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/u.test(c),
          ),
        ).toBe(false);
        expect(printable(shown)).toBe(shown);
      }),
    );
  });
});
