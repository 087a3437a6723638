// `npm run bench NAME [ARGUMENTS]`: bundles bench/NAME.ts as the command line is bundled, and runs it. No name: which there are.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const [name = "", ...args] = process.argv.slice(2);
const names = readdirSync(`${root}bench`)
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.slice(0, -3));
if (!names.includes(name)) {
  console.error(`npm run bench ${names.join("|")} [ARGUMENTS]`);
  process.exit(2);
}
if (!existsSync(`${root}dist/lasthop.js`))
  spawnSync(process.execPath, [`${root}scripts/build.mjs`], { stdio: "inherit" });
const directory = mkdtempSync(join(tmpdir(), "lasthop-bench-"));
try {
  const outfile = join(directory, `${name}.mjs`);
  const banner = {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  };
  await build({
    absWorkingDir: root,
    entryPoints: [`bench/${name}.ts`],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    minifySyntax: true,
    banner,
    logLevel: "error",
  });
  const { status } = spawnSync(process.execPath, [outfile, ...args], { cwd: root, stdio: "inherit" });
  process.exitCode = status ?? 1;
} finally {
  rmSync(directory, { recursive: true, force: true });
}
