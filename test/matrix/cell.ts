import type { Verdict } from "../../src/verdict/verdict.ts";
import { keepVerdict } from "./keep-verdict.ts";
import type { Expected, ExpectedCause } from "./lab-fault-causes.ts";
import { type Bench, type Mended, repairAndUndo, snapshotOf } from "./mend.ts";
import { symptomsOf } from "./symptoms.ts";
import { hopText } from "./tcpdump-oracle.ts";
import { diagnoseFirstBroken, type Trial } from "./trial.ts";
import { trialText, wrongLastHop } from "./trial-text.ts";

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
  readonly repair: Mended["repair"];
  readonly undo: Mended["undo"];
  readonly wrongs: readonly string[];
}

const UNTOUCHED: Mended = { repair: "", undo: "", wrongs: [] };

/** Expects a broken lab: diagnoses, repairs, takes the repair back, and compares all with what has to come out. */
export async function examineCell(
  bench: Bench,
  fault: { readonly id: string; readonly node: string },
  expected: Expected,
  symptoms = [...expected.symptoms, ...symptomsOf(bench.lab, bench.plan)],
): Promise<Cell> {
  const before = await snapshotOf(bench.lab);
  const trial = await diagnoseFirstBroken(bench.product, bench.lab, symptoms);
  if (trial === null) return cellOf(bench, fault, null, UNTOUCHED, ["nothing that the lab's users do is broken"]);
  const { verdict, problem, code } = trial.diagnosis;
  if (verdict === null) return cellOf(bench, fault, trial, UNTOUCHED, [problem ?? "no verdict"]);
  const wrongs = [...wrongsOfVerdict(verdict, expected.cause), ...wrongLastHop(trial)];
  if (code !== 1) wrongs.push(`exit status ${code}, not 1`);
  // What is not confirmed is not repaired.
  const isRepairable = verdict.confidence === "confirmed";
  const mended = isRepairable ? await repairAndUndo(bench, verdict, trial.symptom, before, expected.forget) : UNTOUCHED;
  if (mended.repair === "refused") wrongs.push(`repair --apply, refused: ${mended.refusal}`);
  const cell = cellOf(bench, fault, trial, mended, [...wrongs, ...mended.wrongs]);
  if (cell.wrongs.length > 0) keepVerdict(`${cell.lab} ${fault.id} ${fault.node}`, trial);
  return cell;
}

function cellOf(
  { lab }: Bench,
  fault: { readonly id: string; readonly node: string },
  trial: Trial | null,
  { repair, undo }: Mended,
  wrongs: readonly string[],
): Cell {
  const verdict = trial?.diagnosis.verdict ?? null;
  return {
    lab: `${lab.cni} ${lab.overlay}`,
    fault: fault.id,
    node: fault.node,
    symptom: trial === null ? "" : trialText(trial),
    cause: verdict?.cause?.id ?? verdict?.outcome ?? "",
    causeNode: verdict?.cause?.node ?? "",
    object: verdict?.cause?.object ?? "",
    lastHop: verdict === null || verdict.lastHop === null ? "" : hopText(verdict.lastHop),
    confidence: verdict?.confidence ?? "",
    seconds: trial?.diagnosis.seconds ?? null,
    repair,
    undo,
    wrongs,
  };
}

function wrongsOfVerdict(verdict: Verdict, expected: ExpectedCause): string[] {
  const { cause } = verdict;
  const said = {
    outcome: verdict.outcome,
    confidence: verdict.confidence,
    cause: cause?.id ?? null,
    node: cause?.node ?? null,
    netns: cause?.netns ?? null,
    object: cause?.object ?? null,
  };
  const { id, node, netns, object, likelyBecause } = expected;
  const confidence = likelyBecause === undefined ? "confirmed" : "likely";
  const due: typeof said = { outcome: "broken", confidence, cause: id, node, netns, object };
  return (Object.keys(due) as (keyof typeof due)[])
    .filter((key) => said[key] !== due[key])
    .map((key) => `${key}: said ${said[key]}, due ${due[key]}`);
}
