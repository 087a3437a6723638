/**
 * How long the built command takes to say what it can do, beside node itself: `--help` of every command, the best and the
 * median of some runs.
 * npm run bench start [-- dist/lasthop.js]
 */
import { spawnSync } from "node:child_process";

const RUNS = 15;
const cli = process.argv[2] ?? "dist/lasthop.js";
const commands = [[], ["diagnose"], ["walk"], ["probe"], ["repair"], ["undo"], ["repairs"], ["lab", "up"], ["demo"]];

function timesMs(argv: readonly string[]): readonly number[] {
  return Array.from({ length: RUNS }, () => {
    const startedAt = performance.now();
    const { status } = spawnSync(process.execPath, argv, { stdio: "ignore" });
    if (status !== 0) throw new Error(`${argv.join(" ")} ended with ${status}`);
    return performance.now() - startedAt;
  }).sort((a, b) => a - b);
}

function tell(name: string, times: readonly number[]): void {
  const [best = 0] = times;
  const median = times[Math.floor(times.length / 2)] ?? 0;
  console.log(`${name.padEnd(24)} best ${best.toFixed(0).padStart(4)} ms   median ${median.toFixed(0).padStart(4)} ms`);
}

tell("node -e 0", timesMs(["-e", "0"]));
for (const command of commands)
  tell(`lasthop ${[...command, "--help"].join(" ")}`, timesMs([cli, ...command, "--help"]));
