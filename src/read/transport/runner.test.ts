import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { said } from "../../../test/said.ts";
import type { Command, Limits, Output } from "./reader.ts";
import { RunnerNode } from "./runner-node.ts";
import { encodeWord } from "./runner-script.ts";

const LIMITS: Limits = { timeoutMs: 5000, maxBytes: 1 << 20 };
const folders: string[] = [];

/** A carrier under which `sh` is another shell: what a node's sh may be. */
function underShell(shell: string): readonly string[] | null {
  try {
    const path = execFileSync("sh", ["-c", `command -v ${shell}`], { encoding: "utf8" }).trim();
    const folder = mkdtempSync(join(tmpdir(), "lasthop-shell-"));
    folders.push(folder);
    symlinkSync(path, join(folder, "sh"));
    return ["env", `PATH=${folder}:${process.env.PATH}`];
  } catch {
    return null;
  }
}

function command(...argv: string[]): Command {
  return { name: "test", argv, netns: null };
}

function isRunning(marker: string): boolean {
  return readdirSync("/proc").some((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0").includes(marker);
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

const text = (output: Output | undefined) => Buffer.from(output?.stdout ?? "").toString("utf8");

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

test("a NUL cannot be sent", () => {
  expect(() => encodeWord("a\0b")).toThrow(RangeError);
});

for (const shell of ["dash", "bash", "busybox"]) {
  const carrier = underShell(shell);
  describe.skipIf(carrier === null)(`under ${shell} (skipped where it is not installed)`, () => {
    let runner: RunnerNode;
    beforeEach(() => {
      runner = new RunnerNode("k1", () => carrier ?? []);
    });
    afterEach(() => runner.close());

    const run = (argv: readonly string[][], limits = LIMITS) =>
      runner.run(
        argv.map((words) => ({ command: command(...words), stdin: null })),
        limits,
      );

    test("every argument arrives as it was sent", async () => {
      const word = fc.oneof(
        fc.string({ unit: "binary", maxLength: 30 }),
        fc.string({
          unit: fc.constantFrom("\\", "'", '"', "$", "`", "\n", " ", "*", "0", "1", "%", "=", "-", "~", "X"),
          maxLength: 12,
        }),
      );
      const argv = fc.array(
        word.map((some) => some.replaceAll("\0", "")),
        { minLength: 1, maxLength: 6 },
      );
      await fc.assert(
        fc.asyncProperty(argv, async (words) => {
          const [output] = await run([["printf", "%s\\0", ...words]]);
          expect(text(output)).toBe(words.map((some) => `${Buffer.from(some, "utf8").toString("utf8")}\0`).join(""));
        }),
        { numRuns: 150 },
      );
    });

    test("standard input arrives as it was sent; otherwise there is none", async () => {
      const file = "line 1\n\n  'quoted' $HOME \\0101 `x`\ttab\u00e9\n\n";
      const outputs = await runner.run(
        [
          { command: command("cat"), stdin: file },
          { command: command("cat"), stdin: null },
          { command: command("cat"), stdin: "" },
        ],
        LIMITS,
      );
      expect(outputs.map(text)).toEqual([file, "", ""]);
    });

    test("output is kept apart, byte for byte, with its status", async () => {
      const outputs = await run([
        ["sh", "-c", "printf 'out\\0\\377\\n'; printf 'err' >&2; exit 3"],
        ["true"],
        ["sh", "-c", "kill -TERM $$"],
      ]);
      expect(Buffer.from(outputs[0]?.stdout ?? "").toString("latin1")).toBe("out\0\u00ff\n");
      expect(outputs.map(({ status, failure }) => [status, failure])).toEqual([
        [3, null],
        [0, null],
        [143, null],
      ]);
      expect(outputs[0]?.stderr).toBe("err");
    });

    test("what cannot run says why; a shell's own words are no commands", async () => {
      const outputs = await run([["no-such-tool"], ["exit"], ["true"]]);
      expect(outputs.map(({ failure }) => said(failure))).toEqual([
        "no-such-tool: command not found",
        "exit: command not found",
        null,
      ]);
      const [gone] = await runner.run(
        [{ command: { ...command("true"), netns: "/proc/0/ns/net" }, stdin: null }],
        LIMITS,
      );
      expect(said(gone?.failure)).toBe("no network namespace at /proc/0/ns/net");
    });

    test("a command over its deadline or its cap is cut short; those after it run", async () => {
      const outputs = await run([["echo", "a"], ["sh", "-c", "sleep 4731.1; echo no"], ["yes"], ["echo", "b"]], {
        timeoutMs: 1500,
        maxBytes: 1000,
      });
      expect(outputs.map(({ failure, truncated }) => [said(failure), truncated])).toEqual([
        [null, false],
        ["no answer within 1500 ms", false],
        [null, true],
        [null, false],
      ]);
      expect(outputs[2]?.stdout.length).toBe(1000);
      expect(text(outputs[3])).toBe("b\n");
      expect(await until(() => !isRunning("4731.1"), 10_000)).toBe(true);
    });

    test("an interruption ends the round", async () => {
      const abort = new AbortController();
      setTimeout(() => abort.abort(), 100);
      const outputs = await run(
        [
          ["sleep", "4731.2"],
          ["echo", "after"],
        ],
        { ...LIMITS, signal: abort.signal },
      );
      expect(outputs.map(({ failure }) => said(failure))).toEqual(["interrupted", "interrupted"]);
    });

    test("closing ends what runs, children included", async () => {
      const outputs = run([["sh", "-c", "sleep 4731.3 & sleep 4731.3; wait"]]);
      expect(await until(() => isRunning("4731.3"), 10_000)).toBe(true);
      await runner.close();
      expect(await until(() => !isRunning("4731.3"), 10_000)).toBe(true);
      expect((await outputs)[0]?.status).toBe(null);
    });
  });
}

test("a clock that is set back or forward moves no deadline and no duration", async () => {
  const runner = new RunnerNode("k1", () => []);
  const hour = 3_600_000;
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  try {
    for (const jump of [hour, -hour]) {
      setTimeout(() => vi.setSystemTime(Date.now() + jump), 30);
      const outputs = await runner.run(
        [
          { command: command("sleep", "0.2"), stdin: null },
          { command: command("echo", "on"), stdin: null },
        ],
        LIMITS,
      );
      expect(outputs.map(({ failure }) => failure)).toEqual([null, null]);
      expect(outputs[0]?.durationMs).toBeGreaterThan(150);
      expect(outputs[0]?.durationMs).toBeLessThan(LIMITS.timeoutMs);
    }
  } finally {
    vi.useRealTimers();
    await runner.close();
  }
});

test("a carrier that fails is an output, not an error", async () => {
  const silent = new RunnerNode("k1", () => ["sh", "-c", "echo the node is on fire >&2; exit 9", "x"]);
  const missing = new RunnerNode("k1", () => ["/no/such/carrier"]);
  const orders = [1, 2].map(() => ({ command: command("true"), stdin: null }));
  expect((await silent.run(orders, LIMITS)).map(({ failure }) => said(failure))).toEqual([
    "the node is on fire",
    "the node is on fire",
  ]);
  expect((await missing.run(orders, LIMITS)).every(({ failure }) => said(failure)?.includes("ENOENT"))).toBe(true);
  const mute = new RunnerNode("k1", () => ["sleep", "3", "#"]);
  expect(said((await mute.run(orders, { ...LIMITS, timeoutMs: 200 }))[1]?.failure)).toMatch(/sleep|no answer/);
  await Promise.all([silent.close(), missing.close(), mute.close()]);
});
