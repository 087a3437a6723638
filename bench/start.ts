/**
 * What a command costs before it does anything, beside node itself: wall time and the most memory that it held, of `--help`
 * and of a walk and a diagnosis of a recorded cluster. The best and the median of some runs.
 * npm run bench start
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median } from "./lib/timing.ts";

const RUNS = 15;
const CLI = "dist/lasthop.js";
const RECORDED = ["--bundle", "fixtures/vxlan-ip-forward-off"];
const URL = "http://192.168.6.141:30007/";
const COMMANDS: readonly (readonly [argv: readonly string[], status: number])[] = [
  ...[[], ["diagnose"], ["walk"], ["probe"], ["repair"], ["undo"], ["snapshot"], ["report"], ["lab", "up"]].map(
    (command) => [[CLI, ...command, "--help"], 0] as const,
  ),
  [[CLI, "walk", "node/k2", URL, ...RECORDED], 1],
  [[CLI, "diagnose", URL, ...RECORDED], 1],
];

const directory = mkdtempSync(join(tmpdir(), "lasthop-bench-"));
/** Prints the most memory that the process held, in KiB, when it ends: getrusage(2), ru_maxrss. */
const MEMORY = "data:text/javascript,process.on('exit',()=>process.stderr.write('\\n'+process.resourceUsage().maxRSS))";
try {
  tell("node -e 0", ["-e", "0"], 0);
  for (const [argv, status] of COMMANDS) tell(`lasthop ${argv.slice(1).join(" ")}`, argv, status);
} finally {
  rmSync(directory, { recursive: true, force: true });
}

function tell(name: string, argv: readonly string[], due: number): void {
  const env = { ...process.env, XDG_STATE_HOME: directory };
  const times = Array.from({ length: RUNS }, () => {
    const startedAt = performance.now();
    const { status } = spawnSync(process.execPath, argv, { stdio: "ignore", env });
    if (status !== due) throw new Error(`${argv.join(" ")} ended with ${status}, not ${due}`);
    return performance.now() - startedAt;
  });
  const { stderr } = spawnSync(process.execPath, ["--import", MEMORY, ...argv], { encoding: "utf8", env });
  const mebibytes = Number(stderr.split("\n").at(-1)) / 1024;
  const ms = (value: number): string => `${value.toFixed(0).padStart(5)} ms`;
  console.log(
    `${name.padEnd(78)} best${ms(Math.min(...times))}   median${ms(median(times))}${mebibytes.toFixed(0).padStart(6)} MiB`,
  );
}
