import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Lab } from "../../src/lab/lab.ts";
import type { Plan } from "../../src/lab/plan.ts";
import type { Verdict } from "../../src/verdict/verdict.ts";
import { placesOf } from "./lab-places.ts";
import { differences, type Snapshot, takeSnapshot } from "./lab-snapshot.ts";
import { type Product, readVerdict, runProduct } from "./product.ts";
import { countsText, isHealthy, type Symptom } from "./symptoms.ts";

/** A lab, and the product that is tried on it. */
export interface Bench {
  readonly product: Product;
  readonly lab: Lab;
  readonly plan: Plan;
}

export interface Mended {
  /** `refused`: no change was made, and it said why. */
  readonly repair: "healthy" | "no repair" | "refused" | "failed" | "";
  readonly undo: "as before" | "failed" | "";
  readonly refusal?: string;
  readonly wrongs: readonly string[];
}

/** The exit status of a command that could not do its work. */
const FAILED = 3;

/**
 * Repairs by a verdict, and takes it back: healthy, and then broken and in every detail as before.
 * @param forget run between the undoing and the next try
 */
export async function repairAndUndo(
  bench: Bench,
  verdict: Verdict,
  symptom: Symptom,
  before: Snapshot,
  forget: () => Promise<void> = async () => {},
): Promise<Mended> {
  const { product, lab } = bench;
  if (verdict.repairs.length === 0) return { repair: "no repair", undo: "", wrongs: [] };
  const file = join(lab.directory, "verdict.json");
  writeFileSync(file, JSON.stringify(verdict));
  const repaired = await runProduct(product, lab, ["repair", file, "--apply", "-o", "json"]);
  if (repaired.code === FAILED && differences(before, await snapshotOf(lab)).length === 0) {
    return { repair: "refused", undo: "", refusal: repaired.stderr.trim(), wrongs: [] };
  }
  const after = await symptom.try();
  const { verdict: again, problem } = readVerdict(repaired);
  const wrongs: string[] = [];
  if (repaired.code !== 0 || again?.outcome !== "healthy") {
    wrongs.push(`repair --apply: ${problem ?? `exit ${repaired.code}, ${again?.outcome}: ${again?.summary}`}`);
  }
  if (!isHealthy(after)) wrongs.push(`after repair --apply: ${countsText(after)}`);
  const undoWrongs = await undoAll(bench, symptom, before, forget);
  return {
    repair: wrongs.length === 0 ? "healthy" : "failed",
    undo: undoWrongs.length === 0 ? "as before" : "failed",
    wrongs: [...wrongs, ...undoWrongs],
  };
}

async function undoAll(
  { product, lab }: Bench,
  symptom: Symptom,
  before: Snapshot,
  forget: () => Promise<void>,
): Promise<readonly string[]> {
  const wrongs: string[] = [];
  const undone = await runProduct(product, lab, ["undo", "--apply", "-o", "json"]);
  if (undone.code !== 0) {
    wrongs.push(`undo --apply: exit ${undone.code}: ${(undone.stderr || undone.stdout).trim().slice(0, 400)}`);
  }
  await forget();
  const [left, statuses] = await Promise.all([snapshotOf(lab), symptom.try()]);
  if (isHealthy(statuses)) wrongs.push("after undo --apply: not broken again");
  const changed = differences(before, left);
  if (changed.length > 0) wrongs.push(`after undo --apply, not as before: ${changed.slice(0, 8).join("; ")}`);
  return wrongs;
}

export function snapshotOf(lab: Lab): Promise<Snapshot> {
  return takeSnapshot(placesOf(lab).map((place) => place.name));
}
