import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import pc from "picocolors";
import { phrase } from "../facts/phrase.ts";
import { applyPlan } from "../change/repair/apply.ts";
import { planRepair } from "../change/repair/plan.ts";
import { injectFault } from "../lab/fault.ts";
import type { Lab } from "../lab/lab.ts";
import { LabError, LabInterrupted } from "../lab/lab-error.ts";
import { labDown } from "../lab/down.ts";
import { labUp } from "../lab/up.ts";
import { appliedText, errorText, planText } from "../tell/report/repair-text.ts";
import { type Style, verdictText } from "../tell/report/terminal.ts";
import { parseSymptom } from "../think/symptom/symptom.ts";
import { exitStatusOf, type Verdict } from "../verdict/verdict.ts";
import { demoName, removeAbandonedDemos } from "./abandoned-demos.ts";
import { openForChange } from "./change-context.ts";
import { steadyNow } from "./clock.ts";
import type { DemoOptions } from "./demo.ts";
import { openCluster } from "./open-cluster.ts";
import type { ClusterOptions } from "./options.ts";
import { CliError, EXIT, Interrupted } from "./run.ts";
import { follow, inWords } from "./run-diagnose.ts";
import { styleOf } from "./speech.ts";
import { settle } from "./settle.ts";

const style: Style = styleOf({});
const say = style.words.demo;
const { bold, dim } = pc.createColors(style.color);

/** The whole story; where no lab can be built, the recorded incident, and it says so. */
export async function runDemo(options: DemoOptions, signal: AbortSignal): Promise<number> {
  const startedAt = steadyNow();
  if (options.replay === true) return replay(null, signal);
  await removeAbandonedDemos();
  const name = demoName(process.pid);
  tell(say.building({ cni: options.cni }));
  let lab: Lab;
  try {
    lab = await labUp({ name, nodes: 3, cni: options.cni, overlay: "vxlan", signal });
  } catch (error) {
    if (error instanceof LabError && !(error instanceof LabInterrupted))
      return replay(error.told[style.language], signal);
    throw error;
  }
  try {
    return await tellStory(lab, signal, startedAt);
  } finally {
    await labDown(name);
    tell(say.gone({ seconds: seconds(startedAt) }));
  }
}

async function tellStory(lab: Lab, signal: AbortSignal, startedAt: number): Promise<number> {
  const options: ClusterOptions = {
    via: "netns",
    inventory: lab.inventory,
    kubeconfig: lab.kubeconfig,
    namespace: "default",
    timeout: 20,
  };
  tell(say.built({ nodes: lab.nodes.length, pods: lab.pods.length, seconds: seconds(startedAt) }));
  await showAnswer(lab, signal);

  const fault = await injectFault(lab.name, "suspend-resume");
  tell(say.broken({ node: fault.node ?? "" }));
  await showAnswer(lab, signal);
  await show("kubectl", ["--kubeconfig", lab.kubeconfig, "get", "nodes,pods", "-o", "wide"], signal);

  command(`lasthop diagnose ${lab.url}`);
  const before = await diagnoseLab(lab, options, signal);
  if (before.outcome !== "broken") throw new CliError(phrase("demo-not-found"), phrase("report-output"));

  command("lasthop repair --apply");
  const open = await openForChange(options, signal);
  try {
    const plan = planRepair(before, { force: false });
    process.stdout.write(
      `${planText(plan, [], [], { ...style, isApplied: true, isOffline: false, summary: before.summary })}\n`,
    );
    if (signal.aborted) throw new Interrupted();
    // With the lab, the journal goes too.
    const context = { ...open.context, stateDir: `${lab.directory}/lasthop` };
    const applied = await applyPlan(plan, context, { force: false, persist: false });
    process.stdout.write(`${appliedText(applied, style)}\n`);
    const problem = plan.refusals[0] ?? applied.error;
    if (problem != null) {
      process.stderr.write(`${errorText(problem, style)}\n`);
      return EXIT.failed;
    }
  } finally {
    await open.transport.close();
  }

  await settle(signal);
  const after = await diagnoseLab(lab, options, signal);
  tell(say.proof);
  await showAnswer(lab, signal);
  return after.outcome === "healthy" ? EXIT.good : EXIT.noCause;
}

async function diagnoseLab(lab: Lab, options: ClusterOptions, signal: AbortSignal): Promise<Verdict> {
  const startedAt = steadyNow();
  const symptom = parseSymptom(lab.url, options.namespace);
  if ("error" in symptom) throw new Error(`the lab's URL is no symptom: ${lab.url}`);
  const open = await openCluster(options, signal);
  try {
    const conclusion = await follow(open, symptom, options, style, true, startedAt);
    const verdict = inWords(conclusion, style);
    process.stdout.write(`${verdictText(conclusion, verdict.repairs.length, exitStatusOf(verdict), style)}\n`);
    return verdict;
  } finally {
    await open.reader.close();
  }
}

/** The incident as it was recorded: facts and captures of both ends. There curl timed out, it met no gateway. */
async function replay(why: string | null, signal: AbortSignal): Promise<number> {
  const bundle = ["../fixtures/ipip-resumed", "../../fixtures/ipip-resumed"]
    .map((path) => fileURLToPath(new URL(path, import.meta.url)))
    .find((path) => existsSync(path));
  if (bundle === undefined) throw new CliError(phrase("no-recording"), phrase("run-from-checkout"));
  tell(say.replaying({ why }));
  const url = "http://192.168.6.141:30007/";
  command(`lasthop diagnose ${url} --bundle fixtures/ipip-resumed`);
  const startedAt = steadyNow();
  const options: ClusterOptions = { via: "auto", bundle: [bundle], namespace: "default", timeout: 20 };
  const symptom = parseSymptom(url, options.namespace);
  if ("error" in symptom) throw new Error(`no symptom: ${url}`);
  const open = await openCluster(options, signal);
  const conclusion = await follow(open, symptom, options, style, true, startedAt).finally(() => open.reader.close());
  const verdict = inWords(conclusion, style);
  process.stdout.write(`${verdictText(conclusion, verdict.repairs.length, exitStatusOf(verdict), style)}\n`);
  return verdict.outcome === "broken" && verdict.cause !== null ? EXIT.good : EXIT.noCause;
}

async function showAnswer(lab: Lab, signal: AbortSignal): Promise<void> {
  const argv = ["-sS", "-m", "5", "-w", "\n(HTTP %{http_code} after %{time_total} s)", lab.url];
  await show("nsenter", [`--net=/run/netns/${lab.clientNetns}`, "curl", ...argv], signal, `curl ${lab.url}`);
}

/** Runs it and shows what it prints, as a person at that machine would see it. A curl that fails is part of the story. */
async function show(file: string, argv: readonly string[], signal: AbortSignal, shown?: string): Promise<void> {
  command(shown ?? [file, ...argv].join(" "));
  const { stdout, stderr } = await promisify(execFile)(file, argv, { signal }).catch(
    (error: { stdout?: string; stderr?: string; message: string }) => ({
      stdout: error.stdout ?? "",
      stderr: error.stderr ?? error.message,
    }),
  );
  if (signal.aborted) throw new Interrupted();
  process.stdout.write(`${dim(`${stdout}${stderr}`.trimEnd())}\n`);
}

function tell(text: string): void {
  process.stdout.write(`\n${bold(text)}\n`);
}

function command(text: string): void {
  process.stdout.write(`\n$ ${text}\n`);
}

function seconds(since: number): string {
  return ((steadyNow() - since) / 1000).toFixed(1);
}
