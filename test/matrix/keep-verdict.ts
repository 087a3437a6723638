import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Trial } from "./trial.ts";

/** LASTHOP_KEEP=DIRECTORY keeps the verdicts that were wrong, and what tcpdump saw. */
export function keepVerdict(name: string, { diagnosis, own, probes }: Trial): void {
  const directory = process.env.LASTHOP_KEEP;
  if (directory === undefined) return;
  mkdirSync(directory, { recursive: true });
  const { verdict, stdout, stderr } = diagnosis;
  const text = (value: unknown): string =>
    JSON.stringify(value, (_key, part) => (typeof part === "bigint" ? String(part) : part), 1);
  writeFileSync(
    join(directory, `${name.replaceAll(/[^A-Za-z0-9.-]+/g, "-")}.json`),
    text({ verdict: verdict ?? stdout, stderr, own, probes }),
  );
}
