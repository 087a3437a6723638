/**
 * Command to verdict, the median of five, for every fault that the lab knows and for none, on clusters of three nodes in
 * namespaces (root); then where the seconds go.
 * npm run bench diagnose [FAULT ...]
 * LASTHOP_UNDER_TEST=DIRECTORY takes another build than dist/.
 */
import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { labDown } from "../src/lab/down.ts";
import { healFaults, injectFault, listFaults } from "../src/lab/fault.ts";
import type { Lab } from "../src/lab/lab.ts";
import { LabError } from "../src/lab/lab-error.ts";
import { findNode } from "../src/lab/plan.ts";
import { requireLab } from "../src/lab/state.ts";
import { labUp } from "../src/lab/up.ts";
import { expectedOf, iptablesBackend, noteOf } from "../test/matrix/lab-fault-causes.ts";
import { isHealthy, type Symptom, symptomsOf } from "../test/matrix/symptoms.ts";
import { median } from "./lib/timing.ts";

const RUNS = 5;
// The servers of a lab run elsewhere.
const built = resolve(process.env.LASTHOP_UNDER_TEST ?? "dist");
const asked = process.argv.slice(2);
const left = new Set(asked.length > 0 ? asked : listFaults().map(({ id }) => id));

interface Run {
  readonly seconds: number;
  readonly said: string;
  /** Milliseconds by stage. */
  readonly timings: Readonly<Record<string, number>>;
}

const all: Run[] = [];
for (const cni of ["flannel", "calico"] as const) {
  const name = `bench-${cni}`;
  await labDown(name);
  const lab = await labUp({
    name,
    nodes: 3,
    cni,
    overlay: "vxlan",
    web: 10,
    serverBundle: join(built, "lab-server.js"),
  });
  try {
    tell(cni, "none", runs(lab, { input: lab.url }));
    for (const fault of left) {
      const found = await broken(lab, fault);
      if (found !== null) {
        left.delete(fault);
        tell(cni, fault, runs(lab, found));
      }
      await healFaults(name);
    }
  } finally {
    await labDown(name);
  }
}
for (const fault of left)
  console.log(`${fault}: no lab here can have it, or nothing that its users do comes across it`);
tellStages(all);

/** The first thing that the lab's users do and that this fault breaks, or the URL where it breaks none; null where this lab cannot have it. */
async function broken(lab: Lab, fault: string): Promise<Pick<Symptom, "input" | "flags"> | null> {
  try {
    const { node } = await injectFault(lab.name, fault);
    const { plan } = requireLab(lab.name);
    const where = { plan, node: findNode(plan, node ?? "k1"), backend: await iptablesBackend() };
    if (noteOf(fault, where) !== null) return { input: lab.url };
    for (const symptom of [...expectedOf(fault, where).symptoms, ...symptomsOf(lab, plan)])
      if (!isHealthy(await symptom.try())) return symptom;
    return null;
  } catch (error) {
    if (error instanceof LabError) return null;
    throw error;
  }
}

function runs(lab: Lab, symptom: Pick<Symptom, "input" | "flags">): readonly Run[] {
  return Array.from({ length: RUNS }, () => diagnose(lab, symptom));
}

function diagnose(lab: Lab, { input, flags = [] }: Pick<Symptom, "input" | "flags">): Run {
  const cluster = ["--via", "netns", "--kubeconfig", lab.kubeconfig, "--inventory", lab.inventory];
  const argv = [join(built, "lasthop.js"), "diagnose", input, ...flags, ...cluster, "-o", "json"];
  const startedAt = performance.now();
  const { stdout, stderr } = spawnSync(process.execPath, argv, {
    encoding: "utf8",
    maxBuffer: 1 << 26,
    env: { ...process.env, XDG_STATE_HOME: `/run/lasthop-lab/${lab.name}` },
  });
  const seconds = (performance.now() - startedAt) / 1000;
  if (!stdout.startsWith("{")) throw new Error(`no verdict of ${input}: ${stderr}`);
  const verdict = JSON.parse(stdout);
  const said = [verdict.outcome, verdict.confidence, verdict.cause?.id].filter(Boolean).join(" ");
  const run = { seconds, said, timings: verdict.timings };
  all.push(run);
  return run;
}

function tell(cni: string, fault: string, read: readonly Run[]): void {
  const seconds = read.map((run) => run.seconds);
  const each = seconds.map((s) => s.toFixed(1)).join(" ");
  const said = [...new Set(read.map((run) => run.said))].join("; ");
  console.log(`${cni.padEnd(8)}${fault.padEnd(46)}${median(seconds).toFixed(1).padStart(6)} s  (${each})  ${said}`);
}

function tellStages(read: readonly Run[]): void {
  const stages = [...new Set(read.flatMap(({ timings }) => Object.keys(timings)))];
  console.log(`\nWhere the time of ${read.length} runs goes, medians:`);
  for (const stage of stages) {
    const ms = median(read.map(({ timings }) => timings[stage] ?? 0));
    console.log(`  ${stage.replace(/Ms$/, "").padEnd(22)}${Math.round(ms).toString().padStart(6)} ms`);
  }
}
