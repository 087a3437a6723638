import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeLabs } from "../lab/lab-bundle.ts";
import { BenchLab } from "./bench-lab.ts";
import { keepVerdict } from "./keep-verdict.ts";
import { median, tableText } from "./matrix-table.ts";
import type { Bench } from "./mend.ts";
import { idleLinks, type OddSetting, setBeside, setOnPath, unsetOnPath } from "./odd-setting.ts";
import { ODD_SETTINGS } from "./odd-settings.ts";
import { diagnose, useProduct } from "./product.ts";
import { falseCauses, saidCauses, saidText } from "./said-causes.ts";
import { countsText, isHealthy, symptomsOf } from "./symptoms.ts";
import { ownLabName } from "./take-down.ts";
import { hopText } from "./tcpdump-oracle.ts";
import { diagnoseFirstBroken } from "./trial.ts";
import { wrongLastHop } from "./trial-text.ts";
import { runSteps, sceneOf } from "./unlisted-fault.ts";

/** What looks guilty and is not on the path is passed over; what is on the path is named, however odd it looks. */

/** `all`, or `few` for every other twin; long, and so run when it is asked for. */
const asked = process.env.LASTHOP_ODD;
const isFull = asked === "all";
const describeOdd = asked === undefined ? describe.skip : describeLabs;

const product = useProduct();
const rows: string[][] = [];
const seconds: number[] = [];

describeOdd(
  "odd settings and their on-path twins (LASTHOP_ODD=few runs every other twin, LASTHOP_ODD=all each)",
  () => {
    afterAll(() => {
      const heading = ["twin of", "cni", "causes said", "last hop", "confidence", "s", ""];
      console.log(`\n${tableText(heading, rows)}\ncommand to verdict: median ${median(seconds).toFixed(1)} s\n`);
    });

    describe.each(["flannel", "calico"] as const)("%s", (cni) => {
      const lab = new BenchLab(product, { name: ownLabName(`mxo-${cni}`), cni, overlay: "vxlan" });
      const settings = ODD_SETTINGS.filter((odd) => odd.cni === cni);
      const twins = settings.filter((_odd, index) => isFull || index % 2 === 0);

      beforeAll(() => lab.build(), 120_000);
      afterAll(() => lab.takeDown());

      it(
        `is healthy with all ${settings.length} at once`,
        async () => {
          try {
            expect(await unhealthyWith(lab, settings)).toEqual([]);
          } finally {
            await lab.build();
          }
        },
        60_000 * settings.length,
      );

      if (isFull) {
        it.each(settings.map((odd) => [odd.id, odd] as const))(
          "is healthy where %s",
          async (_id, odd) => {
            try {
              expect(await wrongsBeside(lab, [odd])).toEqual([]);
            } finally {
              await lab.build();
            }
          },
          120_000,
        );
      }

      it.each(twins.map((odd) => [odd.id, odd] as const))(
        "is broken where, on the path, %s",
        async (_id, odd) => {
          const scene = sceneOf(lab.bench.lab, lab.bench.plan);
          await runSteps(setOnPath(odd, scene));
          try {
            expect(await wrongsOfTwin(lab.bench, odd)).toEqual([]);
          } finally {
            await runSteps(unsetOnPath(odd, scene)).catch(() => {});
            if ((await lab.changes()).length > 0) await lab.build();
          }
        },
        120_000,
      );
    });
  },
);

/** Which of the settings it is that Lasthop does not take for harmless: halved until one is left. */
async function unhealthyWith(lab: BenchLab, settings: readonly OddSetting[]): Promise<readonly string[]> {
  const wrongs = await wrongsBeside(lab, settings);
  if (wrongs.length === 0) return [];
  const here = `${settings.map((odd) => odd.id).join(" + ")}: ${wrongs.join("; ")}`;
  if (settings.length === 1) return [here];
  await lab.build();
  const first = await unhealthyWith(lab, settings.slice(0, settings.length >> 1));
  await lab.build();
  const second = await unhealthyWith(lab, settings.slice(settings.length >> 1));
  const found = [...first, ...second];
  return found.length > 0 ? found : [here];
}

async function wrongsBeside(lab: BenchLab, settings: readonly OddSetting[]): Promise<readonly string[]> {
  const { bench } = lab;
  const scene = sceneOf(bench.lab, bench.plan);
  await runSteps(idleLinks(scene));
  for (const odd of settings) await runSteps(setBeside(odd, scene));
  const wrongs: string[] = [];
  for (const symptom of symptomsOf(bench.lab, bench.plan).slice(0, 2)) {
    const statuses = await symptom.try();
    if (!isHealthy(statuses)) return [`${symptom.input} is broken: ${countsText(statuses)}`];
    const diagnosis = await diagnose(product, bench.lab, symptom.input);
    const { verdict, problem, code } = diagnosis;
    if (verdict?.outcome === "healthy" && verdict.cause === null && verdict.otherCauses.length === 0 && code === 0)
      continue;
    wrongs.push(`${symptom.input}: ${problem ?? `exit ${code}, ${verdict?.outcome}: ${verdict?.summary}`}`);
    keepVerdict(`odd ${settings.map((odd) => odd.id).join(" ")}`.slice(0, 100), {
      symptom,
      statuses,
      diagnosis,
      own: [],
      probes: [],
    });
  }
  return wrongs;
}

async function wrongsOfTwin(bench: Bench, { id, cni, onPath }: OddSetting): Promise<readonly string[]> {
  const scene = sceneOf(bench.lab, bench.plan);
  const symptoms = [...(onPath.symptoms?.(scene) ?? []), ...symptomsOf(bench.lab, bench.plan)];
  const trial = await diagnoseFirstBroken(product, bench.lab, symptoms);
  if (trial === null) return ["it breaks nothing"];
  const { verdict, problem, code, seconds: took } = trial.diagnosis;
  if (verdict === null) return [problem ?? "no verdict"];
  const truths = onPath.truths(scene);
  const said = saidCauses(verdict);
  const wrongs = [...wrongLastHop(trial), ...falseCauses(verdict, truths)];
  if (verdict.outcome !== "broken") wrongs.push(`outcome: ${verdict.outcome}`);
  if (truths.length > 0 && said.length === 0) wrongs.push(`no cause: ${verdict.summary}`);
  if (code !== (truths.length > 0 ? 1 : 2)) wrongs.push(`exit status ${code}`);
  if (wrongs.length > 0) keepVerdict(`twin ${cni} ${id}`, trial);
  const { lastHop, confidence } = verdict;
  rows.push([
    id,
    cni,
    said.map(saidText).join("; ") || "none",
    lastHop === null ? "" : hopText(lastHop),
    confidence ?? "",
    took.toFixed(1),
    wrongs.length === 0 ? "ok" : "WRONG",
  ]);
  seconds.push(took);
  return wrongs;
}
