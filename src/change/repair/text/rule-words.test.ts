import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bareNftRule, bareRule, ruleWords } from "./rule-words.ts";

/** xtables_save_string (libxtables/xtables.c). */
function saved(word: string): string {
  if (word !== "" && /^[A-Za-z0-9_-]+$/.test(word)) return word;
  return `"${word.replace(/["'\\]/g, "\\$&")}"`;
}

describe("the words of a rule", () => {
  it("are what iptables-save made its text of", () => {
    const word = fc.string({ unit: "binary", maxLength: 40 });
    fc.assert(
      fc.property(fc.array(word), (words) => {
        expect(ruleWords(words.map(saved).join(" "))).toEqual(words);
      }),
    );
  });

  it("are none where a quote stays open", () => {
    expect(ruleWords('-A FORWARD -m comment --comment "open')).toBeNull();
    expect(ruleWords('-A X --comment "a\\')).toBeNull();
  });

  it("come without counters and handles", () => {
    expect(bareRule("[12:3400] -A FORWARD -j DROP ")).toBe("-A FORWARD -j DROP");
    expect(bareNftRule("\t\tip saddr 10.0.0.0/8  counter packets 7 bytes 9 drop # handle 12")).toBe(
      "ip saddr 10.0.0.0/8 counter drop",
    );
  });
});
