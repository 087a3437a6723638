import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openLocalReader } from "./local.ts";

const folder = mkdtempSync(join(tmpdir(), "lasthop-orphans-"));
const program = join(folder, "parent.mjs");

/** The program that is killed: argv[2] says how the command (the rest) is run. */
const SOURCE = `
import { openLocalReader } from "./local.ts";
const reader = openLocalReader("k1");
const [how, ...argv] = process.argv.slice(2);
const command = { name: "x", argv, netns: null };
const limits = { timeoutMs: 60000, maxBytes: 1000 };
if (how === "tap") for await (const _ of reader.tap("k1", command, limits).stdout);
else await reader.run("k1", [command], limits);
`;

beforeAll(() =>
  build({
    stdin: { contents: SOURCE, resolveDir: import.meta.dirname, loader: "ts" },
    bundle: true,
    platform: "node",
    format: "esm",
    outfile: program,
    logLevel: "silent",
  }),
);
afterAll(() => rmSync(folder, { recursive: true }));

function running(marker: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      return (
        /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0").slice(0, -1).includes(marker)
      );
    } catch {
      return false;
    }
  });
}

async function until(condition: () => boolean, ms: number): Promise<boolean> {
  for (const deadline = Date.now() + ms; Date.now() < deadline; ) {
    if (condition()) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return condition();
}

describe("when Lasthop is killed outright, everything on the node dies with it", () => {
  for (const how of ["round", "tap"]) {
    test(`a ${how}, with a child that its command started`, async () => {
      const marker = how === "tap" ? "4732.1" : "4732.2";
      const parent: ChildProcess = spawn(
        "node",
        [program, how, "sh", "-c", `sleep ${marker} & sleep "$1"; wait`, "x", marker],
        {
          stdio: "ignore",
        },
      );
      const isParentGone = new Promise((resolve) => parent.once("exit", resolve));
      expect(await until(() => running(marker).length >= 3, 10_000)).toBe(true);
      parent.kill("SIGKILL");
      await isParentGone;
      expect(await until(() => running(marker).length === 0, 10_000)).toBe(true);
    });
  }
});

test("stopping a tap interrupts it, so that it can say its last words", async () => {
  const reader = openLocalReader("k1");
  const script = "trap 'echo caught >&2; exit 7' INT; echo ready; while :; do sleep 0.05; done";
  const stream = reader.tap(
    "k1",
    { name: "x", argv: ["sh", "-c", script], netns: null },
    { timeoutMs: 10_000, maxBytes: 100 },
  );
  let out = "";
  for await (const chunk of stream.stdout) {
    out += Buffer.from(chunk).toString();
    if (out === "ready\n") void stream.stop();
  }
  const lines: string[] = [];
  for await (const line of stream.stderr) lines.push(line);
  expect(await stream.done).toBe(7);
  expect(lines).toEqual(["caught"]);
  await reader.close();
});

test("a tap ends at its deadline even if nobody stops it, and when it ignores the interrupt", async () => {
  const reader = openLocalReader("k1");
  const startedAt = Date.now();
  const argv = ["sh", "-c", "trap '' INT; sleep 4732.3"];
  const stream = reader.tap("k1", { name: "x", argv, netns: null }, { timeoutMs: 1000, maxBytes: 100 });
  expect(await stream.done).toBe(null);
  expect(Date.now() - startedAt).toBeGreaterThanOrEqual(900);
  expect(await until(() => running("4732.3").length === 0, 10_000)).toBe(true);
  await reader.close();
});

test("a tap that cannot start ends at once and says why", async () => {
  const reader = openLocalReader("k1");
  const stream = reader.tap(
    "k1",
    { name: "x", argv: ["no-such-tool"], netns: null },
    { timeoutMs: 1000, maxBytes: 100 },
  );
  const lines: string[] = [];
  for await (const line of stream.stderr) lines.push(line);
  expect(await stream.done).toBe(127);
  expect(lines.join()).toContain("no-such-tool");
  const nowhere = reader.tap("k9", { name: "x", argv: ["true"], netns: null }, { timeoutMs: 1000, maxBytes: 100 });
  for await (const line of nowhere.stderr) expect(line).toContain("k9");
  await reader.close();
});
