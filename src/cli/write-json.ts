import { INVISIBLE } from "../tell/report/finding-text.ts";

const TO_ESCAPE = new RegExp(`[${INVISIBLE}]`, "gu");

/** One JSON value on standard output. */
export function writeJson(value: unknown): void {
  process.stdout.write(`${jsonText(value)}\n`);
}

/** What a terminal could obey or nobody sees, and JSON.stringify leaves as it is, becomes an escape: the value stays the same. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(TO_ESCAPE, (char) =>
    Array.from({ length: char.length }, (_, i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, "0")}`).join(""),
  );
}
