/** `2026-01-01 00:00:00.000` of an ISO 8601 time; what is none stands as it is. */
export function utc(at: string): string {
  return at.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d(?:\.\d+)?)Z$/, "$1 $2");
}
