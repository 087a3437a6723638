// `npm run bench NAME [ARGUMENTS]`: bundles bench/NAME.ts as the command line is bundled, and runs it. No name: which there are.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as esbuild from "esbuild";
import { FOR_NODE } from "./esbuild-options.mjs";
import { build, root } from "./setup.mjs";

const [name = "", ...args] = process.argv.slice(2);
const names = readdirSync(`${root}bench`)
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.slice(0, -3));
if (!names.includes(name)) {
  console.error(`npm run bench ${names.join("|")} [ARGUMENTS]`);
  process.exit(2);
}
build();
const directory = mkdtempSync(join(tmpdir(), "lasthop-bench-"));
try {
  const outfile = join(directory, `${name}.mjs`);
  await esbuild.build({ ...FOR_NODE, entryPoints: [`bench/${name}.ts`], outfile, logLevel: "error" });
  const { status } = spawnSync(process.execPath, [outfile, ...args], { cwd: root, stdio: "inherit" });
  process.exitCode = status ?? 1;
} finally {
  rmSync(directory, { recursive: true, force: true });
}
