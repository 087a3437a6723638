/**
 * Shell words that find out how bash can be given up on: `$limit` is the first of `$deadline` and `$whole` seconds that
 * timeout(1) takes, and empty without bash, or without a timeout that takes either (that of an old BusyBox wants other words).
 */
export const FIND_LIMIT = `limit=
if command -v bash >/dev/null; then
  for seconds in "$deadline" "$whole"; do
    [ -n "$limit" ] || ! timeout "$seconds" true >/dev/null 2>&1 || limit=$seconds
  done
fi`;

/** A deadline in seconds, and the same in whole ones, for tools that know no fraction. */
export function secondsOf(deadlineMs: number): readonly [deadline: string, whole: string] {
  return [(deadlineMs / 1000).toFixed(1), String(Math.ceil(deadlineMs / 1000))];
}
