import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { labDown } from "../../src/lab/down.ts";
import { injectFault } from "../../src/lab/fault.ts";
import { labPaths } from "../../src/lab/paths.ts";
import { describeAsRoot, type Running, soon, useCommandLine, useLab } from "./command-line.ts";

const line = useCommandLine();
/** The commands' own promise is one second; the rest is for a busy machine. */
const LEAVES_WITHIN_MS = 3000;

interface Left {
  readonly status: number;
  readonly isGone: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Signals a command after so long; what it leaves once it has had its time to end. Null: it was done before. */
async function signalAfter(running: Running, signal: NodeJS.Signals, afterMs: number): Promise<Left | null> {
  await Promise.race([sleep(afterMs), running.ended]);
  if (running.child.exitCode !== null) return null;
  const signalled = Date.now();
  running.child.kill(signal);
  const { code, stdout, stderr } = await running.ended;
  const isGone = await soon(() => running.left().length === 0, LEAVES_WITHIN_MS - (Date.now() - signalled));
  return { status: code, isGone, stdout, stderr };
}

function expectNothingLeft(running: Running): void {
  expect(running.left()).toEqual([]);
  expect(line.leftFiles()).toEqual([]);
}

function namespacesOf(lab: string): readonly string[] {
  return ["/run/netns", "/etc/netns"]
    .flatMap((directory) => (existsSync(directory) ? readdirSync(directory) : []))
    .filter((name) => name.startsWith(`lasthop-${lab}-`));
}

function demoLabOf(running: Running): string {
  return `demo-${running.child.pid}`;
}

describeAsRoot("a command that is interrupted", () => {
  const at = useLab(line, { name: "tcli-int" });
  beforeAll(() => injectFault("tcli-int", "ip-forward-off", "k2"));

  const commands: Readonly<Record<string, () => readonly string[]>> = {
    diagnose: () => ["diagnose", at.lab.url, ...at.flags],
    "diagnose -o json": () => ["diagnose", at.lab.url, "-o", "json", ...at.flags],
    probe: () => ["probe", "here", "10.42.1.2:8080", ...at.flags],
    walk: () => ["walk", "here", "svc/web", ...at.flags],
  };

  it.each<[keyof typeof commands & string, NodeJS.Signals, readonly number[]]>([
    ["diagnose", "SIGINT", [150, 400, 800, 1200, 1800, 2600]],
    ["diagnose -o json", "SIGINT", [700, 1600]],
    ["diagnose", "SIGTERM", [1000]],
    ["diagnose", "SIGHUP", [1400]],
    ["probe", "SIGINT", [300, 900, 1500]],
    ["walk", "SIGINT", [300]],
  ])("%s, %s after %j ms: nothing of it is left, and no verdict", async (name, signal, moments) => {
    for (const afterMs of moments) {
      const running = line.start(commands[name]?.() ?? []);
      const left = await signalAfter(running, signal, afterMs);
      expectNothingLeft(running);
      if (left === null) continue;
      // One that came before our own code runs ends it as any other program.
      expect(left, `after ${afterMs} ms`).toMatchObject({ isGone: true, stderr: "" });
      expect(afterMs < 400 && signal !== "SIGINT" ? [130, 129, 143] : [130]).toContain(left.status);
      expect(left.stdout).not.toMatch(/CONFIRMED|LIKELY|HEALTHY|UNKNOWN|"schema"/);
    }
  });

  it.each<[string, readonly number[]]>([
    ["diagnose", [400, 900, 1500, 2200]],
    ["probe", [900]],
  ])("%s, killed after %j ms: all that it had started on nodes ends", async (name, moments) => {
    for (const afterMs of moments) {
      const running = line.start(commands[name]?.() ?? []);
      const left = await signalAfter(running, "SIGKILL", afterMs);
      expect(left?.isGone ?? true, `left after ${afterMs} ms: ${running.left().join("; ")}`).toBe(true);
      expectNothingLeft(running);
    }
  });

  it("twice: it goes at once", async () => {
    const running = line.start(commands.diagnose?.() ?? []);
    await sleep(1200);
    running.child.kill("SIGINT");
    running.child.kill("SIGINT");
    expect((await running.ended).code).toBe(130);
    expect(await soon(() => running.left().length === 0, LEAVES_WITHIN_MS)).toBe(true);
  });

  it("leaves no instance of the kernel's tracing", async (test) => {
    const mount = ["unshare", "--mount", "sh", "-c", 'mount -t tracefs none /sys/kernel/tracing && exec "$@"', "sh"];
    const instances = (): readonly string[] => {
      const [file = "", ...args] = [...mount, "ls", "/sys/kernel/tracing/instances"];
      return execFileSync(file, args, { encoding: "utf8" })
        .split("\n")
        .filter((name) => name.startsWith("lasthop-"));
    };
    let before: readonly string[];
    try {
      before = instances();
    } catch {
      return test.skip("tracefs cannot be mounted here");
    }
    // What a kill left before is the next run's to remove; others may be tracing beside: theirs have a process.
    const ours = (): readonly string[] => instances().filter((name) => !before.includes(name));
    const orphans = (): readonly string[] => ours().filter((name) => !existsSync(`/proc/${name.split("-")[1]}`));
    for (const signal of ["SIGINT", "SIGKILL"] as const) {
      const running = line.start(commands.diagnose?.() ?? [], { under: mount });
      await soon(() => ours().length > 0, 3000);
      await sleep(200);
      running.child.kill(signal);
      await running.ended;
      expect(await soon(() => orphans().length === 0, LEAVES_WITHIN_MS), signal).toBe(true);
    }
  });
});

describeAsRoot("a demo or a lab that is interrupted", () => {
  const started: Running[] = [];
  const start = (...argv: readonly string[]): Running => {
    const running = line.start(argv);
    started.push(running);
    return running;
  };
  afterAll(async () => {
    for (const running of started) await labDown(demoLabOf(running));
    await labDown("tcli-up");
  });

  it("takes the demo's lab with it", async () => {
    for (const afterMs of [250, 900, 2000, 4500]) {
      const demo = start("demo");
      const left = await signalAfter(demo, "SIGINT", afterMs);
      expect(left, `after ${afterMs} ms`).toMatchObject({ status: 130, isGone: true, stderr: "" });
      expect(namespacesOf(demoLabOf(demo))).toEqual([]);
      expect(existsSync(labPaths(demoLabOf(demo)).directory)).toBe(false);
      expectNothingLeft(demo);
    }
  }, 60_000);

  it("takes the lab with it that was being built", async () => {
    for (const afterMs of [200, 450, 700]) {
      const up = start("lab", "up", "--name", "tcli-up");
      const left = await signalAfter(up, "SIGINT", afterMs);
      if (left !== null) expect(left, `after ${afterMs} ms`).toMatchObject({ status: 130, isGone: true });
      else await labDown("tcli-up");
      expect(namespacesOf("tcli-up")).toEqual([]);
    }
  });

  it("leaves to the next one what a kill left; a demo that runs is left alone", async () => {
    const killed = [];
    for (const afterMs of [500, 2000]) {
      const demo = start("demo");
      await signalAfter(demo, "SIGKILL", afterMs);
      killed.push(demo);
    }
    expect(killed.filter((demo) => namespacesOf(demoLabOf(demo)).length > 0).length).toBeGreaterThan(0);
    const other = start("demo");
    await soon(() => existsSync(labPaths(demoLabOf(other)).state), 5000);
    expect((await line.run(["lab", "up", "--name", "tcli-up", "--nodes", "1"])).code).toBe(0);
    for (const demo of killed) {
      expect(namespacesOf(demoLabOf(demo))).toEqual([]);
      expect(existsSync(labPaths(demoLabOf(demo)).directory)).toBe(false);
    }
    expect(existsSync(labPaths(demoLabOf(other)).directory)).toBe(true);
    const { code, stdout } = await other.ended;
    expect({ code, isHealed: /HEALTHY/.test(stdout) }).toEqual({ code: 0, isHealed: true });
    expect(namespacesOf(demoLabOf(other))).toEqual([]);
  }, 90_000);
});
