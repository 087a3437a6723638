import { expect, test } from "vitest";
import { exampleVerdict } from "../../../test/report/example.ts";
import { en } from "../i18n/en.ts";
import { zh } from "../i18n/zh.ts";
import { headlineText } from "./repair-text.ts";

const verdict = exampleVerdict();

test("what is repaired is told in the verdict's own words", () => {
  expect(headlineText(verdict, { words: en, language: "en" })).toBe(verdict.summary);
});

test("and in the language that is spoken, where the verdict was told in another", () => {
  expect(headlineText(verdict, { words: zh, language: "zh" })).toBe(
    "ip-forward-off（k2）：net.ipv4.ip_forward，现值 0，应为 1",
  );
  expect(headlineText({ ...verdict, cause: null }, { words: zh, language: "zh" })).toBe("不通");
});
