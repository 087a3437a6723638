// Writes docs/verdict.schema.json from the schema that the code itself checks verdicts with.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const built = await build({
  absWorkingDir: root,
  entryPoints: ["src/verdict/json-schema.ts"],
  bundle: true,
  write: false,
  format: "esm",
  platform: "node",
});
const { verdictJsonSchema } = await import(
  `data:text/javascript;base64,${Buffer.from(built.outputFiles[0].contents).toString("base64")}`
);
writeFileSync(`${root}docs/verdict.schema.json`, `${JSON.stringify(verdictJsonSchema(), null, 2)}\n`);
