import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Lab } from "../../src/lab/lab.ts";
import type { Plan } from "../../src/lab/plan.ts";
import type { Verdict } from "../../src/verdict/verdict.ts";
import { placesOf } from "./lab-places.ts";
import { differences, type Snapshot, takeSnapshot } from "./lab-snapshot.ts";
import type { ExpectedCause } from "./lab-fault-causes.ts";
import { deathsOfSymptom, isSameHop } from "./observe.ts";
import { type Product, readVerdict, runProduct } from "./product.ts";
import { countsText, isHealthy, type Symptom, symptomsOf } from "./symptoms.ts";
import { hopText } from "./tcpdump-oracle.ts";
import { diagnoseFirstBroken } from "./trial.ts";

/** One fault on one node: what came out, and all that was wrong with it. */
export interface Cell {
  readonly lab: string;
  readonly fault: string;
  readonly node: string;
  /** Empty where no symptom was broken. */
  readonly symptom: string;
  readonly cause: string;
  readonly causeNode: string;
  readonly object: string;
  readonly lastHop: string;
  readonly confidence: string;
  readonly seconds: number | null;
  readonly repair: "healthy" | "no repair" | "failed" | "";
  readonly undo: "as before" | "failed" | "";
  readonly wrongs: readonly string[];
}

export interface Bench {
  readonly product: Product;
  readonly lab: Lab;
  readonly plan: Plan;
}

/** Expects a broken lab: diagnoses, repairs, takes the repair back, and compares all with what has to come out. */
export async function examineCell(
  bench: Bench,
  fault: string,
  node: string,
  expected: ExpectedCause,
  symptoms = symptomsOf(bench.lab, bench.plan),
): Promise<Cell> {
  const { product, lab } = bench;
  const blank = { lab: `${lab.cni} ${lab.overlay}`, fault, node };
  const before = await snapshotOf(lab);
  const trial = await diagnoseFirstBroken(product, lab, symptoms);
  if (trial === null) {
    const nothing = { symptom: "", cause: "", causeNode: "", object: "", lastHop: "", confidence: "", seconds: null };
    return { ...blank, ...nothing, repair: "", undo: "", wrongs: ["nothing that the lab's users do is broken"] };
  }
  const { symptom, diagnosis } = trial;
  const { verdict } = diagnosis;
  const wrongs: string[] = [];
  if (verdict === null) wrongs.push(diagnosis.problem ?? "no verdict");
  else {
    wrongs.push(...wrongsOfVerdict(verdict, expected));
    if (diagnosis.code !== 1) wrongs.push(`exit status ${diagnosis.code}, not 1`);
    const deaths = deathsOfSymptom(trial.own, trial.probes);
    if (verdict.lastHop === null || !deaths.some((hop) => isSameHop(verdict.lastHop as never, hop))) {
      const said = verdict.lastHop === null ? "none" : hopText(verdict.lastHop);
      wrongs.push(`last hop: said ${said}; tcpdump: ${deaths.map(hopText).join(" | ") || "nothing died"}`);
    }
  }
  const mended =
    verdict === null
      ? { repair: "" as const, undo: "" as const, wrongs: [] }
      : await repairAndUndo(bench, verdict, symptom, before);
  return {
    ...blank,
    symptom: `${symptom.input} (${countsText(trial.statuses)})`,
    cause: verdict?.cause?.id ?? verdict?.outcome ?? "",
    causeNode: verdict?.cause?.node ?? "",
    object: verdict?.cause?.object ?? "",
    lastHop: verdict === null || verdict.lastHop === null ? "" : hopText(verdict.lastHop),
    confidence: verdict?.confidence ?? "",
    seconds: diagnosis.seconds,
    repair: mended.repair,
    undo: mended.undo,
    wrongs: [...wrongs, ...mended.wrongs],
  };
}

function wrongsOfVerdict(verdict: Verdict, expected: ExpectedCause): readonly string[] {
  const { cause } = verdict;
  const said = {
    outcome: verdict.outcome,
    confidence: verdict.confidence,
    cause: cause?.id ?? null,
    node: cause?.node ?? null,
    netns: cause?.netns ?? null,
    object: cause?.object ?? null,
  };
  const due: typeof said = {
    outcome: "broken",
    confidence: "confirmed",
    cause: expected.id,
    node: expected.node,
    netns: expected.netns,
    object: expected.object,
  };
  return (Object.keys(due) as (keyof typeof due)[])
    .filter((key) => said[key] !== due[key])
    .map((key) => `${key}: said ${said[key]}, due ${due[key]}`);
}

async function repairAndUndo(
  bench: Bench,
  verdict: Verdict,
  symptom: Symptom,
  before: Snapshot,
): Promise<Pick<Cell, "repair" | "undo" | "wrongs">> {
  const { product, lab } = bench;
  if (verdict.repairs.length === 0) return { repair: "no repair", undo: "", wrongs: [] };
  const file = join(lab.directory, "verdict.json");
  writeFileSync(file, JSON.stringify(verdict));
  const wrongs: string[] = [];
  const repaired = await runProduct(product, lab, ["repair", file, "--apply", "-o", "json"]);
  const after = await symptom.try();
  const { verdict: again, problem } = readVerdict(repaired);
  if (repaired.code !== 0 || again?.outcome !== "healthy") {
    wrongs.push(`repair --apply: ${problem ?? `exit ${repaired.code}, ${again?.outcome}: ${again?.summary}`}`);
  }
  if (!isHealthy(after)) wrongs.push(`after repair --apply: ${countsText(after)}`);
  const repair = wrongs.length === 0 ? "healthy" : "failed";
  const undoWrongs: string[] = [];
  const undone = await runProduct(product, lab, ["undo", "--apply", "-o", "json"]);
  if (undone.code !== 0)
    undoWrongs.push(`undo --apply: exit ${undone.code}: ${(undone.stderr || undone.stdout).trim().slice(0, 400)}`);
  const [left, statuses] = await Promise.all([snapshotOf(lab), symptom.try()]);
  if (isHealthy(statuses)) undoWrongs.push("after undo --apply: not broken again");
  const changed = differences(before, left);
  if (changed.length > 0) undoWrongs.push(`after undo --apply, not as before: ${changed.slice(0, 8).join("; ")}`);
  return { repair, undo: undoWrongs.length === 0 ? "as before" : "failed", wrongs: [...wrongs, ...undoWrongs] };
}

export function snapshotOf(lab: Lab): Promise<Snapshot> {
  return takeSnapshot(placesOf(lab).map((place) => place.name));
}
