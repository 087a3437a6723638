import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll } from "vitest";
import { ROOT } from "./documents.ts";

const banner = {
  js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
};

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line, built apart from dist/, with a state directory of its own. */
export interface BuiltCli {
  run(...args: readonly string[]): Promise<Ran>;
}

export function useBuiltCli(): BuiltCli {
  const directory = mkdtempSync(join(tmpdir(), "lasthop-docs-test-"));
  beforeAll(async () => {
    await build({
      absWorkingDir: ROOT,
      entryPoints: { lasthop: "src/cli/main.ts", "lab-server": "src/lab/server/main.ts" },
      outdir: directory,
      bundle: true,
      splitting: true,
      format: "esm",
      platform: "node",
      target: "node20",
      banner,
      logLevel: "error",
    });
    // Outside of the checkout no package.json says that these are modules.
    writeFileSync(join(directory, "package.json"), '{"type":"module"}');
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return {
    run: (...args) =>
      new Promise((resolve) => {
        const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0", XDG_STATE_HOME: join(directory, "state") };
        execFile(
          process.execPath,
          [join(directory, "lasthop.js"), ...args],
          { cwd: ROOT, env, encoding: "utf8", maxBuffer: 1 << 24 },
          (error, stdout, stderr) => {
            resolve({ status: error === null ? 0 : typeof error.code === "number" ? error.code : 1, stdout, stderr });
          },
        );
      }),
  };
}
