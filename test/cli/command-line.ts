import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe } from "vitest";
import { labDown } from "../../src/lab/down.ts";
import type { Lab } from "../../src/lab/lab.ts";
import { type LabUpOptions, labUp } from "../../src/lab/up.ts";
import { buildProduct } from "../matrix/product.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** A hang is a failure, not a stuck suite. */
const HANGS_AFTER_MS = 120_000;
/** Marks every process that a command starts, wherever it starts it. */
const MARK = "LASTHOP_TEST_MARK";

export interface Ended {
  /** As a shell tells it: 128 and the signal's number for one that a signal ended. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Words before `node lasthop.js`: what the command is run under. */
  readonly under?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Processes that it started and that are still there. */
  left(): readonly string[];
}

/** The command line, built apart from dist/, with a home and a place for temporary files of its own. */
export class CommandLine {
  readonly directory = mkdtempSync(join(tmpdir(), "lasthop-tcli-"));
  readonly state = join(this.directory, "state");
  readonly temporary = join(this.directory, "tmp");
  readonly labServer = join(this.directory, "built", "lab-server.js");
  readonly #cli = join(this.directory, "built", "lasthop.js");
  #marks = 0;

  async build(): Promise<void> {
    await buildProduct(join(this.directory, "built"));
    cpSync(join(root, "fixtures", "ipip-resumed"), join(this.directory, "fixtures", "ipip-resumed"), {
      recursive: true,
    });
    mkdirSync(this.temporary);
  }

  /** The demo's signal handling and every other part of the entry are there too: it is run as its users run it. */
  start(argv: readonly string[], { under = [], env = {} }: RunOptions = {}): Running {
    this.#marks += 1;
    const mark = `${this.directory}#${this.#marks}`;
    const [file = "", ...args] = [...under, process.execPath, this.#cli, ...argv];
    const child = spawn(file, args, {
      stdio: ["ignore", "pipe", "pipe"],
      timeout: HANGS_AFTER_MS,
      env: {
        ...process.env,
        XDG_STATE_HOME: this.state,
        HOME: this.directory,
        TMPDIR: this.temporary,
        NO_COLOR: "1",
        [MARK]: mark,
        ...env,
      },
    });
    const said = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text: string) => {
        said[name] += text;
      });
    }
    const ended = new Promise<Ended>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) =>
        resolve({ code: code ?? SIGNAL_STATUS[signal ?? "SIGKILL"] ?? 137, ...said }),
      );
    });
    return { child, ended, left: () => markedProcesses(mark) };
  }

  run(argv: readonly string[], options: RunOptions = {}): Promise<Ended> {
    return this.start(argv, options).ended;
  }

  /** @returns the path of a file with this text */
  file(name: string, text: string): string {
    const path = join(this.directory, name);
    writeFileSync(path, text, { mode: 0o644 });
    return path;
  }

  /** Temporary files that commands left. */
  leftFiles(): readonly string[] {
    return readdirSync(this.temporary);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

const SIGNAL_STATUS: Readonly<Record<string, number>> = { SIGHUP: 129, SIGINT: 130, SIGKILL: 137, SIGTERM: 143 };

function markedProcesses(mark: string): readonly string[] {
  return readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      if (!readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(`${MARK}=${mark}`)) return [];
      const state = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1)?.[0];
      return state === "Z"
        ? []
        : [`${pid} ${readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ").slice(0, 120)}`];
    } catch {
      return [];
    }
  });
}

/** Polls until it holds, for at most so long; a last look decides. */
export async function soon(condition: () => boolean, withinMs: number): Promise<boolean> {
  for (const giveUpAt = Date.now() + withinMs; Date.now() < giveUpAt; ) {
    if (condition()) return true;
    await sleep(25);
  }
  return condition();
}

export function useCommandLine(): CommandLine {
  const line = new CommandLine();
  beforeAll(() => line.build());
  afterAll(() => line.remove());
  return line;
}

/** A lab for the tests of one file. Healthy, and to be left so. */
export function useLab(
  line: CommandLine,
  options: LabUpOptions & { readonly name: string },
): { readonly lab: Lab; readonly flags: readonly string[] } {
  const held: { lab?: Lab } = {};
  beforeAll(async () => {
    await labDown(options.name);
    held.lab = await labUp({ ...options, serverBundle: line.labServer });
  });
  afterAll(async () => {
    await labDown(options.name);
  });
  const lab = (): Lab => {
    if (held.lab === undefined) throw new Error("the lab is not up yet");
    return held.lab;
  };
  return {
    get lab() {
      return lab();
    },
    get flags() {
      return flagsOf(lab());
    },
  };
}

export function flagsOf(lab: Lab): readonly string[] {
  return ["--kubeconfig", lab.kubeconfig, "--via", "netns", "--inventory", lab.inventory];
}

export const isRoot = process.platform === "linux" && process.getuid?.() === 0;

/** Real namespaces need root; the name says so where they are skipped. */
export function describeAsRoot(name: string, body: () => void): void {
  if (isRoot) describe(name, body);
  else describe.skip(`${name} (skipped: needs root on Linux)`, body);
}

export const canHideTools = /\boverlay$/m.test(readFileSync("/proc/filesystems", "utf8"));

/** Hides tools, in mounts of the command's own: they are looked for where a node has them. */
export function without(...tools: readonly string[]): readonly string[] {
  const script = `set -e
mount -t tmpfs none /mnt
n=0
for directory in /usr/bin /usr/sbin /usr/local/bin /usr/local/sbin; do
  has=
  for tool in $TOOLS; do [ ! -e "$directory/$tool" ] || has=yes; done
  [ -n "$has" ] || continue
  n=$((n + 1))
  mkdir "/mnt/upper$n" "/mnt/work$n"
  mount -t overlay none -o "lowerdir=$directory,upperdir=/mnt/upper$n,workdir=/mnt/work$n" "$directory"
  for tool in $TOOLS; do rm -f "$directory/$tool"; done
done
exec "$@"`;
  return ["env", `TOOLS=${tools.join(" ")}`, ...withOwnMounts(script)];
}

/** Runs a command (`"$@"` of the script) with mounts that nobody else sees. */
export function withOwnMounts(script: string): readonly string[] {
  return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"];
}
