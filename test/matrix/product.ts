import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll } from "vitest";
import type { Lab } from "../../src/lab/lab.ts";
import { type Verdict, verdictSchema } from "../../src/verdict/verdict.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const banner = {
  js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
};

/** The command line as it is shipped, and a home of its own for what it remembers. */
export interface Product {
  readonly cli: string;
  readonly labServer: string;
  readonly stateHome: string;
}

/** Built from the sources, apart from dist/; LASTHOP_UNDER_TEST=DIRECTORY takes one that is built already. */
export function useProduct(): Product {
  // Made when tests run: a file whose tests are all skipped cleans nothing up.
  const directory = join(tmpdir(), `lasthop-matrix-${randomUUID()}`);
  beforeAll(async () => {
    mkdirSync(directory, { mode: 0o700 });
    await buildProduct(directory);
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return productIn(directory);
}

export function productIn(directory: string): Product {
  const built = process.env.LASTHOP_UNDER_TEST ?? directory;
  return {
    cli: join(built, "lasthop.js"),
    labServer: join(built, "lab-server.js"),
    stateHome: join(directory, "state"),
  };
}

/** As scripts/build.mjs does it: chunks that are loaded when needed, which the time to a verdict depends on. */
export async function buildProduct(outdir: string): Promise<void> {
  if (process.env.LASTHOP_UNDER_TEST !== undefined) return;
  await build({
    absWorkingDir: root,
    entryPoints: { lasthop: "src/cli/main.ts", "lab-server": "src/lab/server/main.ts" },
    outdir,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    minifySyntax: true,
    chunkNames: "chunks/[name]-[hash]",
    banner,
    logLevel: "error",
  });
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

/** One command of the product against a lab. Ends it after a minute: a hang is a failure, not a stuck suite. */
export function runProduct(product: Product, lab: Lab, argv: readonly string[]): Promise<Ran> {
  const cluster = ["--kubeconfig", lab.kubeconfig, "--via", "netns", "--inventory", lab.inventory];
  return runCommand(product, [...argv, ...cluster]);
}

function runCommand(product: Product, argv: readonly string[]): Promise<Ran> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [product.cli, ...argv], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, XDG_STATE_HOME: product.stateHome, NO_COLOR: "1" },
      timeout: 120_000,
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (code) => {
      resolve({ code: code ?? -1, stdout, stderr, seconds: (performance.now() - started) / 1000 });
    });
  });
}

export interface Diagnosis extends Ran {
  /** Null when it printed none; `problem` then says what it printed. */
  readonly verdict: Verdict | null;
  readonly problem: string | null;
}

export async function diagnose(
  product: Product,
  lab: Lab,
  symptom: string,
  extra: readonly string[] = [],
): Promise<Diagnosis> {
  const ran = await runProduct(product, lab, ["diagnose", symptom, "-o", "json", ...extra]);
  return { ...ran, ...readVerdict(ran) };
}

export async function diagnoseRecorded(
  product: Product,
  bundle: string,
  symptom: string,
  extra: readonly string[] = [],
): Promise<Diagnosis> {
  const ran = await runCommand(product, ["diagnose", symptom, "--bundle", bundle, "-o", "json", ...extra]);
  return { ...ran, ...readVerdict(ran) };
}

/** Held against the published schema, as anybody who reads it would. */
export function readVerdict(ran: Ran): Pick<Diagnosis, "verdict" | "problem"> {
  const said = `exit ${ran.code}: ${(ran.stderr || ran.stdout).trim().slice(0, 600)}`;
  if (ran.code > 2) return { verdict: null, problem: said };
  let value: unknown;
  try {
    value = JSON.parse(ran.stdout);
  } catch {
    return { verdict: null, problem: `no JSON, ${said}` };
  }
  const parsed = verdictSchema.safeParse(value);
  return parsed.success
    ? { verdict: parsed.data, problem: null }
    : { verdict: null, problem: `no verdict of the published schema (${parsed.error.message.slice(0, 300)}), ${said}` };
}
