import { Command, Option } from "commander";
import { describe, expect, test } from "vitest";
import { usageText } from "./tell-help.ts";

/** What is said of these words after `lasthop`. */
function said(...argv: readonly string[]): string {
  let text = "";
  const end = new Error("the end");
  const program = new Command("lasthop").configureOutput({ outputError: () => {} }).exitOverride((error) => {
    text = usageText(error);
    throw end;
  });
  program.command("walk").addOption(new Option("--via <how>").choices(["auto", "local"]));
  expect(() => program.parse(argv, { from: "user" })).toThrow(end);
  return text;
}

describe("what was typed wrongly", () => {
  test.each([
    [["frob"], "error: unknown command 'frob'\n(see lasthop --help)"],
    [["wolk"], "error: unknown command 'wolk'\n(Did you mean walk?)\n(see lasthop --help)"],
    [["walk", "--vai"], "error: unknown option '--vai'\n(Did you mean --via?)\n(see lasthop --help)"],
    [
      ["walk", "--via", "pigeon"],
      "error: 'pigeon' is nothing for '--via <how>': Allowed choices are auto, local.\n(see lasthop --help)",
    ],
  ])("%j", (argv, text) => expect(said(...argv)).toBe(text));

  test("is quoted whole, whatever quotes it holds", () => {
    expect(said("it's 'so'")).toContain("unknown command 'it's 'so''");
    expect(said("walk", "--via", "it's")).toContain("'it's' is nothing for '--via <how>': Allowed choices");
    expect(said("walk", "--via", "x' is invalid. y")).toContain(
      "'x' is invalid. y' is nothing for '--via <how>': Allowed",
    );
  });

  test("moves no cursor and begins no line", () => {
    for (const argv of [["\u001b[31mx\u202e\ny"], ["walk", "--via", "\u001b[31mx\u202e\ny"]]) {
      expect(said(...argv)).toContain("'[31mx y'");
      for (const char of ["\u001b", "\u202e"]) expect(said(...argv)).not.toContain(char);
    }
  });
});
