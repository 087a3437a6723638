import type { Match, TimeWindow } from "../../facts/ruleset.ts";
import type { OptionGroup } from "./iptables-words.ts";

const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/**
 * `-m time`, as libxt_time.c saves it: days that were negated are printed as the others. Null with `--kerneltz`, for
 * the kernel's own time zone cannot be read.
 */
export function readTime(group: OptionGroup, readAt: string): readonly Match[] | null {
  const window: { -readonly [key in keyof TimeWindow]: TimeWindow[key] } = {
    fromDate: null,
    toDate: null,
    fromSecond: 0,
    toSecond: 24 * 3600 - 1,
    weekdays: null,
    monthdays: null,
    contiguous: false,
  };
  for (const { name, negate, values } of group.options) {
    const value = values[0] ?? "";
    if (negate) return null;
    if (name === "--contiguous") window.contiguous = true;
    else if (name === "--datestart") window.fromDate = dateOf(value);
    else if (name === "--datestop") window.toDate = dateOf(value);
    else if (name === "--timestart") window.fromSecond = secondOf(value);
    else if (name === "--timestop") window.toSecond = secondOf(value);
    else if (name === "--weekdays") window.weekdays = value.split(",").map((day) => WEEKDAYS.indexOf(day));
    else if (name === "--monthdays") window.monthdays = value.split(",").map(Number);
    else return null;
  }
  const { fromDate, toDate, fromSecond, toSecond, weekdays, monthdays } = window;
  const numbers = [fromDate ?? 0, toDate ?? 0, fromSecond, toSecond, ...(weekdays ?? []), ...(monthdays ?? [])];
  const isWhole = numbers.every((number) => Number.isInteger(number) && number >= 0);
  return isWhole ? [{ match: "time", window, readAtMs: Date.parse(readAt), negate: false }] : null;
}

/** Milliseconds since the epoch, of `2020-01-01T00:00:00`, which is UTC. */
function dateOf(text: string): number {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(text) ? Date.parse(`${text}Z`) : Number.NaN;
}

function secondOf(text: string): number {
  const [hours, minutes, seconds = 0] = text.split(":").map(Number);
  return (hours ?? Number.NaN) * 3600 + (minutes ?? Number.NaN) * 60 + seconds;
}
