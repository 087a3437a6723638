import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Chance, pick, pickSome, seededChance } from "../../src/lab/chance.ts";
import { injectFault, listFaults } from "../../src/lab/fault.ts";
import { LabError } from "../../src/lab/lab-error.ts";
import { findNode } from "../../src/lab/plan.ts";
import { describeLabs } from "../lab/lab-bundle.ts";
import { BenchLab } from "./bench-lab.ts";
import { type Cell, diagnoseCell, type FaultOnNode, unmetCell } from "./cell.ts";
import { type Broken, expectedOf, iptablesBackend, noteOf } from "./lab-fault-causes.ts";
import { seedsText } from "./matrix-table.ts";
import type { Bench } from "./mend.ts";
import { useProduct } from "./product.ts";
import { ownLabName } from "./take-down.ts";

/** LASTHOP_SEEDS=1-10 or 3,7,12: each draws CNI, overlay and placement, and for every fault the node that it is on. */
const seeds = seedsOf(process.env.LASTHOP_SEEDS ?? "");
/** LASTHOP_FAULTS=mtu-black-hole,dns-only: only these. */
const wanted = process.env.LASTHOP_FAULTS?.split(",");
const faults = listFaults().filter((fault) => wanted?.includes(fault.id) ?? true);

const product = useProduct();
const cells: Cell[] = [];

const describeSeeds = seeds.length > 0 ? describeLabs : describe.skip;

describeSeeds("every fault, placed by chance (skipped unless LASTHOP_SEEDS=1-10)", () => {
  afterAll(() => {
    console.log(`\n${seedsText(cells)}\n`);
  });

  describe.each(seeds)("seed %d", (seed) => {
    const chance = seededChance(seed);
    const cni = pick(chance, ["flannel", "calico"] as const);
    const overlay = pick(chance, ["vxlan", "vxlan", "host-gw"] as const);
    const lab = new BenchLab(product, { name: ownLabName(`mxs-${seed}`), cni, overlay, seed });

    beforeAll(() => lab.build(), 120_000);
    afterAll(() => lab.takeDown());

    it.each(faults.map((fault) => [`${fault.id}, ${cni}, ${overlay}`, fault] as const))(
      "%s",
      async (_title, fault) => {
        const node = await injectSomewhere(lab, fault, chance);
        if (node === null) return;
        let isSuspect = true;
        try {
          const { plan } = lab.bench;
          const on = { id: fault.id, node: fault.needsNode ? node : "-" };
          const broken = { plan, node: findNode(plan, node), backend: await iptablesBackend() };
          const cell = await cellOf(lab.bench, on, broken);
          cells.push({ ...cell, lab: `${seed} ${cell.lab}` });
          expect(cell.wrongs, cell.symptom).toEqual([]);
          isSuspect = false;
        } finally {
          await lab.restore(isSuspect);
        }
      },
      240_000,
    );

    it("is well again after all of them", async () => {
      expect(await lab.broken()).toEqual([]);
    });
  });
});

async function cellOf(bench: Bench, on: FaultOnNode, broken: Broken): Promise<Cell> {
  const note = noteOf(on.id, broken);
  if (note !== null) return unmetCell(bench, on, note);
  const met = await diagnoseCell(bench, on, expectedOf(on.id, broken));
  return met.symptom === "" ? unmetCell(bench, on) : met;
}

/** Null where no node of the lab can have the fault. */
async function injectSomewhere(
  { bench }: BenchLab,
  fault: { readonly id: string; readonly needsNode: boolean },
  chance: Chance,
): Promise<string | null> {
  const names = bench.plan.nodes.map((node) => node.name);
  for (const node of pickSome(chance, names, names.length)) {
    try {
      await injectFault(bench.lab.name, fault.id, fault.needsNode ? node : undefined);
      return node;
    } catch (error) {
      if (!(error instanceof LabError) || !error.message.includes("cannot have")) throw error;
    }
  }
  return null;
}

function seedsOf(text: string): readonly number[] {
  return text
    .split(",")
    .filter((part) => part !== "")
    .flatMap((part) => {
      const [first = Number.NaN, last = first] = part.split("-").map(Number);
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
}
