/**
 * Command to verdict on the incident, and where the seconds go: the median of five, on a lab in namespaces (root).
 * npm run build && npx esbuild bench/diagnose.ts --format=esm | node --input-type=module
 * LASTHOP_UNDER_TEST=DIRECTORY takes another build than dist/.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";

const RUNS = 5;
const built = process.env.LASTHOP_UNDER_TEST ?? "dist";
const cli = join(built, "lasthop.js");

/** One verdict, or what another reader of the same JSON needs of it. */
interface Read {
  readonly seconds: number;
  readonly said: string;
  readonly timings: Readonly<Record<string, number>>;
}

for (const cni of ["flannel", "calico"]) {
  const name = `bench-${cni}`;
  lab("up", "--name", name, "--cni", cni, "--nodes", "3");
  try {
    print(`${cni}, healthy`, runs(name));
    lab("fault", "suspend-resume", "--node", "k2", "--name", name);
    print(`${cni}, suspend-resume on k2`, runs(name));
  } finally {
    lab("down", "--name", name);
  }
}

function lab(...argv: string[]): void {
  execFileSync(process.execPath, [cli, "lab", ...argv], { stdio: ["ignore", "ignore", "inherit"] });
}

function runs(name: string): readonly Read[] {
  return Array.from({ length: RUNS }, () => diagnose(name));
}

function diagnose(name: string): Read {
  const directory = `/run/lasthop-lab/${name}`;
  const cluster = ["--kubeconfig", join(directory, "kubeconfig"), "--inventory", join(directory, "inventory.yaml")];
  const argv = [cli, "diagnose", "http://192.168.6.141:30007/", "--via", "netns", ...cluster, "-o", "json"];
  const started = performance.now();
  const { stdout, stderr } = spawnSync(process.execPath, argv, {
    encoding: "utf8",
    maxBuffer: 1 << 26,
    env: { ...process.env, XDG_STATE_HOME: directory },
  });
  const seconds = (performance.now() - started) / 1000;
  if (!stdout.startsWith("{")) throw new Error(`no verdict: ${stderr}`);
  const verdict = JSON.parse(stdout);
  const said = [verdict.outcome, verdict.confidence, verdict.cause?.id, verdict.cause?.node].filter(Boolean).join(" ");
  return { seconds, said, timings: verdict.timings };
}

function print(title: string, read: readonly Read[]): void {
  const stages = [...new Set(read.flatMap(({ timings }) => Object.keys(timings)))].filter((key) => key !== "totalMs");
  const total = median(read.map(({ seconds }) => seconds * 1000));
  const told = median(read.map(({ timings }) => timings.totalMs ?? 0));
  const rows: [string, number][] = [
    ...stages.map((key): [string, number] => [
      key.replace(/Ms$/, ""),
      median(read.map(({ timings }) => timings[key] ?? 0)),
    ]),
    ["process start and end", total - told],
    ["command to verdict", total],
  ];
  console.log(`${title}: ${[...new Set(read.map(({ said }) => said))].join(", ")}`);
  for (const [stage, ms] of rows) console.log(`  ${stage.padEnd(22)}${Math.round(ms).toString().padStart(6)} ms`);
  console.log(`  ${"each run".padEnd(22)}${read.map(({ seconds }) => seconds.toFixed(2)).join("  ")} s\n`);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
