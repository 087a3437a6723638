import { describe, expect, it } from "vitest";
import { said } from "../../../../test/said.ts";
import type { Source } from "../../../facts/provenance.ts";
import { parseIptablesSave } from "../../../read/parse/iptables-save.ts";
import type { Maybe } from "../../../facts/maybe.ts";
import { matchTime } from "./match-time.ts";

/** A Saturday. */
const DAY = "2026-11-28";

/** What a rule with these options says, read at a time of that day. */
function ask(options: string, time = "12:00:00", day = DAY): Maybe {
  const source: Source = { node: "n", netns: "n/host", argv: [], at: `${day}T${time}.000Z` };
  const text = `*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -m time ${options} -j DROP\nCOMMIT\n`;
  const [match] = parseIptablesSave(text, source, "iptables-nft", "ip").value[0]?.chains[0]?.rules[0]?.matches ?? [];
  if (match?.match !== "time") throw new Error(`read as ${JSON.stringify(match)}`);
  return matchTime(match);
}

describe("a rule with -m time, as iptables-save prints it", () => {
  it.each([
    ["--datestart 2020-01-01T00:00:00 --datestop 2038-01-19T03:14:07", true],
    ["--datestart 2038-01-01T00:00:00 --datestop 2038-01-19T03:14:07", false],
    ["--datestop 2025-01-01T00:00:00", false],
    ["--timestart 10:00:00 --timestop 23:59:59", true],
    ["--timestart 13:00:00 --timestop 23:59:59", false],
    ["--timestart 22:00:00 --timestop 06:00:00", false],
    ["--timestart 22:00:00 --timestop 14:00:00", true],
    ["--weekdays Sat,Sun", true],
    ["--weekdays Mon,Tue,Wed,Thu,Fri", false],
    ["--monthdays 1,28", true],
    ["--monthdays 2,3", false],
  ])("%s: %s", (options, holds) => {
    expect(ask(options)).toBe(holds);
  });

  it("is still of the day before where it is contiguous", () => {
    const night = "--timestart 22:00:00 --timestop 06:00:00 --weekdays Fri";
    expect(ask(night, "03:00:00")).toBe(false);
    expect(ask(`${night} --contiguous`, "03:00:00")).toBe(true);
    expect(ask(`${night} --contiguous`, "23:00:00")).toBe(false);
  });

  it("is not known about the time when it begins or ends", () => {
    for (const answer of [ask("--timestart 12:00:30 --timestop 23:59:59"), ask("--weekdays Sat", "23:59:30")]) {
      expect(typeof answer === "object" ? said(answer.unknown) : answer).toBe("its time begins or ends just now");
    }
  });

  it.each(["--kerneltz --timestart 10:00:00", "--datestart yesterday", "--weekdays Caturday", "--new-option"])(
    "is not understood with %s",
    (options) => {
      expect(() => ask(options)).toThrow('"match":"unknown"');
    },
  );
});
