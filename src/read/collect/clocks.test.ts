import { expect, test } from "vitest";
import type { Output } from "../transport/reader.ts";
import { CLOCK, type ClockOffset, clockOffset, tellSkews } from "./clocks.ts";

const HOUR_MS = 3_600_000;
const AT = Date.parse("2026-01-01T00:00:00.000Z");

function said(stdout: string, parts: Partial<Output> = {}): Output {
  return {
    node: "k1",
    command: CLOCK,
    status: 0,
    stdout: Buffer.from(stdout),
    stderr: "",
    truncated: false,
    failure: null,
    at: new Date(AT).toISOString(),
    durationMs: 40,
    ...parts,
  };
}

const at = (offsetMs: number, vagueMs = 40): ClockOffset => ({ leastMs: offsetMs - vagueMs, mostMs: offsetMs });
const told = (offsets: Readonly<Record<string, ClockOffset>>) =>
  tellSkews(new Map(Object.entries(offsets))).map(({ what, why }) =>
    [what, why].map((p) => JSON.stringify(p)).join(" "),
  );

test("the answer may have been told at any time of the round trip", () => {
  expect(clockOffset(said(`${AT / 1000 + 3600}.020000000\n`))).toEqual({
    leastMs: HOUR_MS + 20 - 40,
    mostMs: HOUR_MS + 20,
  });
});

test("a date without nanoseconds tells its second alone", () => {
  for (const stdout of [`${AT / 1000}.%N\n`, `${AT / 1000}.N\n`, `${AT / 1000}\n`]) {
    expect(clockOffset(said(stdout))).toEqual({ leastMs: -40, mostMs: 1000 });
  }
});

test("what is no time, or was not told, is not known", () => {
  for (const stdout of ["", "date: invalid option\n", "-5.000000000"]) expect(clockOffset(said(stdout))).toBeNull();
  expect(clockOffset(said("1767225600.0", { status: 1 }))).toBeNull();
  expect(clockOffset(said("1767225600.0", { failure: "no-answer", status: null }))).toBeNull();
  expect(clockOffset(undefined)).toBeNull();
});

test("the one that is unlike the most is named, by how much at the least, and beside whom", () => {
  const ahead = told({ k1: at(0), k2: at(HOUR_MS), k3: at(30) });
  expect(ahead).toHaveLength(1);
  expect(ahead[0]).toMatch(/times-of.*k2.*clock-ahead.*3600.*k1/);
  expect(told({ k1: at(-HOUR_MS), k2: at(0), k3: at(30) })[0]).toMatch(/times-of.*k1.*clock-behind.*3600.*k2/);
});

test("nobody is, where all differ by less than the round trips or a second, nor a node alone", () => {
  expect(told({ k1: at(0), k2: at(900), k3: at(-80) })).toEqual([]);
  expect(told({ k1: at(5000, 6000), k2: at(0) })).toEqual([]);
  expect(told({ k1: at(HOUR_MS) })).toEqual([]);
  expect(told({})).toEqual([]);
});
