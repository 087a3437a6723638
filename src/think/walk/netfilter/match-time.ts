import { phrase } from "../../../facts/phrase.ts";
import type { Match, TimeWindow } from "../../../facts/ruleset.ts";
import type { Maybe } from "../../../facts/maybe.ts";

/** So far a node's clock may be from the one that the reading was timed by, and the packet from the reading. */
const NEAR_MS = 60_000;
const DAY_S = 24 * 3600;

/** Nothing is known where the answer changes at about the time of the reading. */
export function matchTime({ window, readAtMs, negate }: Extract<Match, { match: "time" }>): Maybe {
  const [early, now, late] = [readAtMs - NEAR_MS, readAtMs, readAtMs + NEAR_MS].map((ms) => isWithin(window, ms));
  if (early !== now || now !== late) return { unknown: phrase("time-changes-now") };
  return (now === true) !== negate;
}

/** time_mt (net/netfilter/xt_time.c). */
function isWithin(window: TimeWindow, ms: number): boolean {
  const { fromDate, toDate, fromSecond, toSecond, weekdays, monthdays, contiguous } = window;
  if ((fromDate !== null && ms < fromDate) || (toDate !== null && ms > toDate)) return false;
  const second = Math.floor(ms / 1000) % DAY_S;
  const overMidnight = fromSecond >= toSecond;
  if (overMidnight ? second < fromSecond && second > toSecond : second < fromSecond || second > toSecond) return false;
  // After midnight, a contiguous window is still the day's that it began on.
  const date = new Date(contiguous && overMidnight && second < toSecond ? ms - DAY_S * 1000 : ms);
  const isDay = (days: readonly number[] | null, day: number): boolean => days === null || days.includes(day);
  return isDay(weekdays, date.getUTCDay()) && isDay(monthdays, date.getUTCDate());
}
