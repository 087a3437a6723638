import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const banner = {
  js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
};

/** The lab's server program and its commands, built apart from dist/, which others may be building at the same time. */
export interface LabBundle {
  server: string;
  cli: string;
}

export function useLabBundle(): LabBundle {
  // Made when tests run: a file whose tests are all skipped cleans nothing up.
  const directory = join(tmpdir(), `lasthop-lab-test-${randomUUID()}`);
  const bundle = { server: join(directory, "lab-server.js"), cli: join(directory, "lasthop.js") };
  beforeAll(async () => {
    mkdirSync(directory, { mode: 0o700 });
    await build({
      absWorkingDir: root,
      entryPoints: { "lab-server": "src/lab/server/main.ts", lasthop: "test/lab/lab-cli.ts" },
      outdir: directory,
      bundle: true,
      format: "esm",
      platform: "node",
      target: "node20",
      banner,
      logLevel: "error",
    });
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return bundle;
}

const isRoot = process.platform === "linux" && process.getuid?.() === 0;

/** Real namespaces need root; the name says so where they are skipped. */
export function describeLabs(name: string, body: () => void): void {
  if (isRoot) describe(name, body);
  else describe.skip(`${name} (skipped: needs root on Linux)`, body);
}
