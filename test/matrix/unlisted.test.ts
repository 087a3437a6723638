import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeLabs } from "../lab/lab-bundle.ts";
import { BenchLab } from "./bench-lab.ts";
import { keepVerdict } from "./keep-verdict.ts";
import { median, tableText } from "./matrix-table.ts";
import { type Bench, repairAndUndo, snapshotOf } from "./mend.ts";
import { useProduct } from "./product.ts";
import { falseCauses, isSaid } from "./said-causes.ts";
import { countsText, isHealthy, type Symptom, symptomsOf } from "./symptoms.ts";
import { ownLabName } from "./take-down.ts";
import { hopText } from "./tcpdump-oracle.ts";
import { diagnoseFirstBroken } from "./trial.ts";
import { trialText, wrongLastHop } from "./trial-text.ts";
import { runSteps, type Scene, sceneOf, type UnlistedFault } from "./unlisted-fault.ts";
import { UNLISTED_FAULTS } from "./unlisted-faults.ts";

/** Faults of no list: nothing here may lead to a cause that is none. */

const product = useProduct();
const rows: string[][] = [];
const seconds: number[] = [];

/** Ten minutes and more on two cores: asked for, not always run. */
const describeUnlisted = process.env.LASTHOP_UNLISTED === "1" ? describeLabs : describe.skip;

describeUnlisted("faults that nobody listed (skipped unless LASTHOP_UNLISTED=1)", () => {
  afterAll(() => {
    const heading = ["fault", "cni", "cause", "node", "object", "last hop", "confidence", "s", "repair", "undo", ""];
    if (rows.length > 0)
      console.log(`\n${tableText(heading, rows)}\ncommand to verdict: median ${median(seconds).toFixed(1)} s\n`);
  });

  describe.each(["flannel", "calico"] as const)("%s", (cni) => {
    const lab = new BenchLab(product, { name: ownLabName(`mxu-${cni}`), nodes: 3, cni, overlay: "vxlan" });

    beforeAll(() => lab.build(), 60_000);
    afterAll(() => lab.takeDown());

    it.each(UNLISTED_FAULTS.filter((fault) => fault.cni === cni).map((fault) => [fault.id, fault] as const))(
      "%s",
      async (_id, fault) => {
        const { bench } = lab;
        const scene = sceneOf(bench.lab, bench.plan);
        await runSteps(fault.inject(scene));
        let wrongs: readonly string[] = [];
        try {
          wrongs = await examine(bench, scene, fault);
        } finally {
          await runSteps(fault.revert(scene)).catch(() => {});
          const left = await stillBroken(symptomsOf(bench.lab, bench.plan));
          if (left !== null || (await lab.changes()).length > 0) await lab.build();
          // Else the fault is not what this test believes, and its truths prove nothing.
          expect.soft(left, "reverting the fault heals").toBeNull();
        }
        expect(wrongs).toEqual([]);
      },
      180_000,
    );
  });
});

/** A failed neighbour is asked for again after a second (arp(7)): what is healed may need a few tries. */
async function stillBroken(symptoms: readonly Symptom[]): Promise<string | null> {
  let left: string | null = null;
  for (let round = 0; round < 4; round++) {
    const statuses = await Promise.all(symptoms.map((symptom) => symptom.try()));
    if (statuses.every(isHealthy)) return null;
    left = statuses.map(countsText).join("; ");
  }
  return left;
}

async function examine(bench: Bench, scene: Scene, fault: UnlistedFault): Promise<readonly string[]> {
  const before = await snapshotOf(bench.lab);
  const trial = await diagnoseFirstBroken(product, bench.lab, symptomsOf(bench.lab, bench.plan));
  if (trial === null) return ["it breaks nothing"];
  const { verdict, problem, code, seconds: took } = trial.diagnosis;
  if (verdict === null) return [problem ?? "no verdict"];
  const wrongs = [...wrongLastHop(trial), ...falseCauses(verdict, fault.truths(scene))];
  if (verdict.outcome !== "broken") wrongs.push(`outcome: ${verdict.outcome} although ${trialText(trial)}`);
  const due = isSaid(verdict.confidence) && verdict.cause !== null ? 1 : 2;
  if (code !== due) wrongs.push(`exit status ${code}, not ${due}`);
  const mended =
    verdict.confidence === "confirmed"
      ? await repairAndUndo(bench, verdict, trial.symptom, before, async () => runSteps(fault.forget?.(scene) ?? []))
      : { repair: "", undo: "", wrongs: [] };
  wrongs.push(...mended.wrongs);
  if (wrongs.length > 0) keepVerdict(`unlisted ${fault.cni} ${fault.id}`, trial);
  const { cause, lastHop } = verdict;
  const told = [
    cause?.id ?? "unknown",
    cause?.node ?? "",
    cause?.object ?? "",
    lastHop === null ? "" : hopText(lastHop),
  ];
  const state = wrongs.length === 0 ? "ok" : "WRONG";
  rows.push([
    fault.id,
    fault.cni,
    ...told,
    verdict.confidence ?? "",
    took.toFixed(1),
    mended.repair,
    mended.undo,
    state,
  ]);
  seconds.push(took);
  return wrongs;
}
