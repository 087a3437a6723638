// Bundles the command line into dist/: one small entry and lazily loaded chunks, so that `--help` reads little.
import { chmodSync, rmSync } from "node:fs";
import { build } from "esbuild";
import { FOR_NODE } from "./esbuild-options.mjs";
import { root } from "./setup.mjs";

rmSync(`${root}dist`, { recursive: true, force: true });
await build({
  ...FOR_NODE,
  entryPoints: { lasthop: "src/cli/main.ts", "lab-server": "src/lab/server/main.ts" },
  outdir: "dist",
  splitting: true,
  legalComments: "none",
  chunkNames: "chunks/[name]-[hash]",
});
chmodSync(`${root}dist/lasthop.js`, 0o755);
