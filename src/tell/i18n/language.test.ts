import { describe, expect, test } from "vitest";
import { languageOfLocale } from "./language.ts";

describe("the language of a locale", () => {
  test.each([
    [{ LANG: "zh_CN.UTF-8" }, "zh"],
    [{ LANG: "zh_CN.utf8" }, "zh"],
    [{ LANG: "zh_TW.UTF-8" }, "zh"],
    [{ LANG: "zh_CN.UTF-8@pinyin" }, "zh"],
    [{ LANG: "en_GB.UTF-8", LC_MESSAGES: "zh_CN.UTF-8" }, "zh"],
    [{ LC_ALL: "zh_CN.UTF-8", LC_MESSAGES: "C", LANG: "C" }, "zh"],
    // Empty is as if it were not set.
    [{ LC_ALL: "", LC_MESSAGES: "", LANG: "zh_CN.UTF-8" }, "zh"],
    [{ LC_ALL: "C", LANG: "zh_CN.UTF-8" }, "en"],
    [{ LC_MESSAGES: "en_US.UTF-8", LANG: "zh_CN.UTF-8" }, "en"],
    [{ LANG: "zh_CN.GBK" }, "en"],
    [{ LANG: "zh_CN.GB18030" }, "en"],
    // Without a codeset it is GB2312 to glibc.
    [{ LANG: "zh_CN" }, "en"],
    [{ LANG: "C" }, "en"],
    [{ LANG: "C.UTF-8" }, "en"],
    [{ LANG: "POSIX" }, "en"],
    [{ LANG: "zha_CN.UTF-8" }, "en"],
    [{}, "en"],
  ] as const)("%j: %s", (env, language) => expect(languageOfLocale(env)).toBe(language));
});
