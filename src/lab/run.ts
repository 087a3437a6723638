import { AsyncLocalStorage } from "node:async_hooks";
import { spawn } from "node:child_process";
import { LabError } from "./lab-error.ts";
import { MARKER } from "./processes.ts";

/** The marker of the lab that is being built: its tools carry it, so that `lab down` finds those a crash orphaned. */
export const buildMarker = new AsyncLocalStorage<string>();

export interface RunOptions {
  input?: string;
}

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a program and returns whatever happened; only a program that cannot be started is an error. */
export function tryRun(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const [program, ...args] = argv;
  if (program === undefined) throw new TypeError("empty argv");
  return new Promise((resolve, reject) => {
    const marker = buildMarker.getStore();
    const env = marker === undefined ? process.env : { ...process.env, [MARKER]: marker };
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], env });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    // A child that ends before it has read all of its input gives EPIPE here; its exit status tells the story.
    child.stdin.on("error", () => {});
    child.stdin.end(options.input ?? "");
    child.on("error", (cause) => {
      reject(
        new LabError(
          { en: `Cannot run ${program}: ${cause.message}.`, zh: `运行不了 ${program}：${cause.message}。` },
          { en: `Install ${program}; the lab needs it.`, zh: `请安装 ${program}；实验环境需要它。` },
          { cause },
        ),
      );
    });
    child.on("close", (code, signal) => resolve({ code: code ?? (signal ? 128 : 1), stdout, stderr }));
  });
}

/** Runs a program that must succeed; returns its standard output. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const ran = await tryRun(argv, options);
  if (ran.code !== 0) {
    const said = (ran.stderr || ran.stdout).trim();
    throw new LabError(
      {
        en: `${argv.join(" ")} failed (exit ${ran.code}): ${said || "it said nothing"}`,
        zh: `${argv.join(" ")} 失败（exit ${ran.code}）：${said || "没有任何输出"}`,
      },
      {
        en: "See the message of the tool above; `lasthop lab down` removes what is left of the lab.",
        zh: "原因见上面工具自己的输出；`lasthop lab down` 会清掉实验环境的残余。",
      },
    );
  }
  return ran.stdout;
}
