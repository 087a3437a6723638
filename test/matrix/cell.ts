import type { Verdict, VerdictCause } from "../../src/verdict/verdict.ts";
import { keepVerdict } from "./keep-verdict.ts";
import type { Expected, ExpectedCause, ExpectedNote } from "./lab-fault-causes.ts";
import { type Bench, type Mended, repairAndUndo, snapshotOf } from "./mend.ts";
import { diagnose } from "./product.ts";
import { saidCauses, saidText } from "./said-causes.ts";
import { type Symptom, symptomsOf } from "./symptoms.ts";
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
  /** Causes that are said to be likely or better, and are not the fault. */
  readonly falseCauses: readonly string[];
}

export interface FaultOnNode {
  readonly id: string;
  readonly node: string;
}

/** A cell, and what it was made of. */
interface Examined {
  readonly cell: Cell;
  readonly trial: Trial | null;
}

/** Expects a broken lab: diagnoses, repairs, takes the repair back, and compares all with what has to come out. */
export async function examineCell(
  bench: Bench,
  fault: FaultOnNode,
  expected: Expected,
  symptoms?: readonly Symptom[],
): Promise<Cell> {
  const before = await snapshotOf(bench.lab);
  const { cell, trial } = await diagnosed(bench, fault, expected, symptoms);
  const verdict = trial?.diagnosis.verdict ?? null;
  // What is not confirmed is not repaired.
  const isRepairable = trial !== null && verdict?.confidence === "confirmed";
  const mended = isRepairable
    ? await repairAndUndo(bench, verdict, trial.symptom, before, expected.forget)
    : { repair: cell.repair, undo: cell.undo, wrongs: [] };
  const refused = wrongRefusal(expected, mended);
  return kept(
    { ...cell, repair: mended.repair, undo: mended.undo, wrongs: [...cell.wrongs, ...refused, ...mended.wrongs] },
    trial,
  );
}

function wrongRefusal({ cause }: Expected, { repair, refusal }: Mended): readonly string[] {
  const isDue = cause.byHandBecause !== undefined;
  if (repair === "refused") return isDue ? [] : [`repair --apply, refused: ${refusal}`];
  return isDue && repair !== "" ? [`repair --apply: ${repair}, though ${cause.byHandBecause}`] : [];
}

/** As examineCell, and changes nothing. */
export async function diagnoseCell(
  bench: Bench,
  fault: FaultOnNode,
  expected: Expected,
  symptoms?: readonly Symptom[],
): Promise<Cell> {
  const { cell, trial } = await diagnosed(bench, fault, expected, symptoms);
  return kept(cell, trial);
}

/** A fault that nothing of what the lab's users do comes across: nothing may be said against the lab, but for a note. */
export async function unmetCell(bench: Bench, fault: FaultOnNode, note: ExpectedNote | null = null): Promise<Cell> {
  const symptom: Symptom = { input: bench.lab.url, try: async () => [] };
  const diagnosis = await diagnose(bench.product, bench.lab, symptom.input);
  const { verdict, problem } = diagnosis;
  const trial: Trial = { symptom, statuses: [], diagnosis, own: [], probes: [] };
  if (verdict === null) return cellOf(bench, fault, trial, [problem ?? "no verdict"], []);
  const isNoted = ({ what, why }: ExpectedNote): boolean =>
    verdict.notChecked.some((one) => one.what === what && why.test(one.why));
  const wrongs = [
    ...(verdict.outcome === "healthy" ? [] : [`outcome: said ${verdict.outcome}, due healthy`]),
    ...(note === null || isNoted(note) ? [] : [`not noted: ${note.what}: ${note.why}`]),
  ];
  return kept(cellOf(bench, fault, trial, wrongs, saidCauses(verdict).map(saidText)), trial);
}

async function diagnosed(
  bench: Bench,
  fault: FaultOnNode,
  expected: Expected,
  symptoms: readonly Symptom[] = [...expected.symptoms, ...symptomsOf(bench.lab, bench.plan)],
): Promise<Examined> {
  const trial = await diagnoseFirstBroken(bench.product, bench.lab, symptoms);
  if (trial === null) {
    return { cell: cellOf(bench, fault, null, ["nothing that the lab's users do is broken"], []), trial };
  }
  const { verdict, problem, code } = trial.diagnosis;
  if (verdict === null) return { cell: cellOf(bench, fault, trial, [problem ?? "no verdict"], []), trial };
  const wrongs = [...wrongsOfVerdict(verdict, expected.cause), ...wrongLastHop(trial)];
  if (code !== 1) wrongs.push(`exit status ${code}, not 1`);
  const isExpected = (said: VerdictCause): boolean => wrongsOfCause(said, expected.cause).length === 0;
  const falseCauses = saidCauses(verdict).filter((said) => !isExpected(said));
  return { cell: cellOf(bench, fault, trial, wrongs, falseCauses.map(saidText)), trial };
}

function kept(cell: Cell, trial: Trial | null): Cell {
  if (cell.wrongs.length > 0 && trial !== null) keepVerdict(`${cell.lab} ${cell.fault} ${cell.node}`, trial);
  return cell;
}

function cellOf(
  { lab }: Bench,
  fault: FaultOnNode,
  trial: Trial | null,
  wrongs: readonly string[],
  falseCauses: readonly string[],
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
    repair: "",
    undo: "",
    wrongs,
    falseCauses,
  };
}

type CauseKey = "id" | "node" | "netns" | "object";

function wrongsOfVerdict(verdict: Verdict, expected: ExpectedCause): string[] {
  const { outcome, confidence, cause } = verdict;
  const due = expected.likelyBecause === undefined ? "confirmed" : "likely";
  return [
    ...(outcome === "broken" ? [] : [`outcome: said ${outcome}, due broken`]),
    ...(confidence === due ? [] : [`confidence: said ${confidence}, due ${due}`]),
    ...wrongsOfCause(cause, expected),
  ];
}

function wrongsOfCause(said: Pick<ExpectedCause, CauseKey> | null, due: Pick<ExpectedCause, CauseKey>): string[] {
  const keys: readonly CauseKey[] = ["id", "node", "netns", "object"];
  return keys
    .filter((key) => (said?.[key] ?? null) !== due[key])
    .map((key) => `${key === "id" ? "cause" : key}: said ${said?.[key] ?? null}, due ${due[key]}`);
}
