// `npm test`: set-up, a build, types, lint, then every test; closes with one line of counts.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { build, root, setUp } from "./setup.mjs";

setUp();
build();

const bin = (name) => `${root}node_modules/.bin/${name}`;
const inherit = { cwd: root, stdio: ["ignore", "inherit", "inherit"] };
const chosen = process.argv.slice(2);
let failedChecks = 0;
if (chosen.length === 0) {
  for (const [what, argv] of [
    ["types", [bin("tsc"), "--noEmit"]],
    ["lint", [bin("biome"), "lint", "--error-on-warnings"]],
  ]) {
    const { status } = spawnSync(argv[0], argv.slice(1), inherit);
    console.log(`${status === 0 ? "ok    " : "FAILED"} ${what}`);
    if (status !== 0) failedChecks += 1;
  }
}

const dir = mkdtempSync(`${tmpdir()}/lasthop-test-`);
const report = `${dir}/report.json`;
const { status } = spawnSync(
  bin("vitest"),
  ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...chosen],
  inherit,
);
let counts = null;
try {
  counts = JSON.parse(readFileSync(report, "utf8"));
} catch (error) {
  console.error(`vitest left no report: ${error.message}`);
}
rmSync(dir, { recursive: true, force: true });

const passed = counts?.numPassedTests ?? 0;
const failed = (counts?.numFailedTests ?? 0) + failedChecks;
const skipped = (counts?.numPendingTests ?? 0) + (counts?.numTodoTests ?? 0);
// A file that fails to load has no failed tests of its own, yet the run is red: vitest's status says so.
const broken = counts === null || (status !== 0 && failed === 0) ? 1 : 0;
console.log(`${passed} passed, ${failed + broken} failed, ${skipped} skipped`);
process.exit(failed + broken === 0 ? 0 : 1);
