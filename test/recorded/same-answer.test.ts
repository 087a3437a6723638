import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { verdictSchema } from "../../src/verdict/verdict.ts";
import { useCommandLine } from "../cli/command-line.ts";
import { FIXTURES, NODE_PORT } from "./offline-cli.ts";

const line = useCommandLine();
const recorded = readdirSync(FIXTURES, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? [e.name] : []));

test.each(recorded)("%s gives the same verdict at any time and anywhere, byte for byte", async (fixture) => {
  const bundle = join(FIXTURES, fixture);
  const run = (env: Readonly<Record<string, string>>) =>
    line.run(["diagnose", NODE_PORT, "--bundle", bundle, "-o", "json"], { env });
  const [first, later] = [await run({ TZ: "UTC", LANG: "C" }), await run({ TZ: "Asia/Shanghai", LANG: "de_DE.UTF-8" })];
  expect(first.stderr).toBe("");
  expect(later.stdout).toBe(first.stdout);
  const { timeline, timings } = verdictSchema.strict().parse(JSON.parse(first.stdout));
  expect(timings).toEqual({ totalMs: 0 });
  // Nothing of what it tells is later than the recording.
  expect(timeline.filter(({ at }) => Date.parse(at) > Date.now() - 1000)).toEqual([]);
  expect(timeline.map(({ event }) => event)).toEqual(expect.arrayContaining(["recording-read", "concluded"]));
});
