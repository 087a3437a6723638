// `npm test`: set-up, a build, types, lint, then every test; closes with one line of counts.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { build, root, setUp, TEST_PROGRAMS } from "./setup.mjs";

setUp(TEST_PROGRAMS);
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

/**
 * What builds clusters would hear everything else on two cores: it runs after it, two files at a time, for those of test/lab wait
 * for timeouts while the matrix computes. What is sent signals and looks at texts by the second runs alone.
 */
const CLUSTERS = ["test/lab", "test/matrix"];
const ALONE = ["test/cli"];
const runs =
  chosen.length > 0
    ? [chosen]
    : [
        [...CLUSTERS, ...ALONE].flatMap((folder) => ["--exclude", `${folder}/**`]),
        CLUSTERS,
        [...ALONE, "--no-file-parallelism"],
      ];

const dir = mkdtempSync(`${tmpdir()}/lasthop-test-`);
const counts = { passed: 0, failed: failedChecks, skipped: 0 };
/** The tests that failed, and the files that could not be loaded: told once more at the end, where they are looked for. */
const failures = [];
for (const [index, args] of runs.entries()) {
  const file = `${dir}/report-${index}.json`;
  const argv = ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${file}`, ...args];
  const { status } = spawnSync(bin("vitest"), argv, inherit);
  let report = null;
  try {
    report = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    console.error(`vitest left no report: ${error.message}`);
  }
  const failed = report?.numFailedTests ?? 0;
  counts.passed += report?.numPassedTests ?? 0;
  // A file that fails to load has no failed tests of its own, yet the run is red: vitest's status says so.
  counts.failed += failed + (failed === 0 && status !== 0 ? 1 : 0);
  counts.skipped += (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0);
  for (const file of report?.testResults ?? []) {
    const path = file.name.replace(root, "");
    const failedTests = file.assertionResults.filter((test) => test.status === "failed");
    for (const test of failedTests) failures.push([`${path} > ${test.fullName}`, test.failureMessages.join("\n")]);
    if (file.status === "failed" && failedTests.length === 0) failures.push([path, file.message]);
  }
}
rmSync(dir, { recursive: true, force: true });

for (const [test, message] of failures) {
  const lines = message.split("\n").filter((line) => !line.includes("/node_modules/"));
  console.log([`FAILED ${test}`, ...lines].join("\n       "));
}
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exit(counts.failed === 0 ? 0 : 1);
