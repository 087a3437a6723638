/**
 * One JSON value on standard output. What a terminal could take for a command, and JSON.stringify leaves as it is (C1, the
 * bidirectional overrides), is written as an escape: the value stays the same.
 */
export function writeJson(value: unknown): void {
  const text = JSON.stringify(value, null, 2).replace(
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  process.stdout.write(`${text}\n`);
}
