import { expect, test } from "vitest";
import type { Output } from "../transport/reader.ts";
import { LineBudget } from "./line-budget.ts";
import { NO_EXPECTATIONS, Readings } from "./readings.ts";

const output = (name: string, lines: number): Output => ({
  node: "k1",
  command: { name, argv: [name], netns: null },
  status: 0,
  stdout: Buffer.from("line\n".repeat(lines)),
  stderr: "",
  truncated: false,
  failure: null,
  at: "",
  durationMs: 0,
});

test("what exceeds the lines of all together is unknown, and what was read before stays known", () => {
  const lines = new LineBudget(8);
  const one = new Readings("k1", "host", null, [output("ip-route", 5), output("ip-neigh", 3)], NO_EXPECTATIONS, lines);
  const other = new Readings("k2", "host", null, [output("ip-route", 1)], NO_EXPECTATIONS, lines);
  const isKnown = (readings: Readings, command: string): boolean => readings.whole(command).known;
  expect([isKnown(one, "ip-route"), isKnown(one, "ip-neigh"), isKnown(other, "ip-route")]).toEqual([true, true, false]);
  // Asked for again it counts no second time.
  expect([isKnown(one, "ip-route"), isKnown(one, "ip-neigh")]).toEqual([true, true]);
});

test("one output has a bound of its own", () => {
  const lines = new LineBudget();
  const reading = new Readings("k1", "host", null, [output("ip-route", 400_001)], NO_EXPECTATIONS, lines);
  expect(reading.whole("ip-route").known).toBe(false);
});
