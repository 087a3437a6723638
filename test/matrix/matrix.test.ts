import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { injectFault } from "../../src/lab/fault.ts";
import type { Fault } from "../../src/lab/faults/fault-type.ts";
import { FAULTS } from "../../src/lab/faults/registry.ts";
import { LabError } from "../../src/lab/lab-error.ts";
import { findNode, makePlan } from "../../src/lab/plan.ts";
import { describeLabs } from "../lab/lab-bundle.ts";
import { BenchLab } from "./bench-lab.ts";
import { type Cell, diagnoseCell, examineCell, unmetCell } from "./cell.ts";
import { type Broken, expectedOf, iptablesBackend, noteOf } from "./lab-fault-causes.ts";
import { matrixText } from "./matrix-table.ts";
import { diagnose, useProduct } from "./product.ts";
import { symptomForms } from "./symptom-forms.ts";
import { ownLabName } from "./take-down.ts";

const NODES = ["k1", "k2", "k3"];
const LABS = [
  { name: ownLabName("mx-fv"), cni: "flannel", overlay: "vxlan", isUsual: true },
  { name: ownLabName("mx-cv"), cni: "calico", overlay: "vxlan", isUsual: true },
  { name: ownLabName("mx-fh"), cni: "flannel", overlay: "host-gw", isUsual: false },
  { name: ownLabName("mx-ch"), cni: "calico", overlay: "host-gw", isUsual: false },
  // Many endpoints cost every row time: only what needs them is tried there.
  { name: ownLabName("mx-fw"), cni: "flannel", overlay: "vxlan", web: 10, isUsual: true },
] as const satisfies readonly MatrixLab[];

interface MatrixLab {
  readonly name: string;
  readonly cni: "flannel" | "calico";
  readonly overlay: "vxlan" | "host-gw";
  readonly web?: number;
  readonly isUsual: boolean;
}

const isFull = process.env.LASTHOP_FULL_MATRIX === "1";
const labs: readonly MatrixLab[] = LABS.filter((lab) => isFull || lab.isUsual);
const extent = isFull ? "every node, all overlays" : "each once; LASTHOP_FULL_MATRIX=1: on every node, and host-gw";

/** Where a fault is tried in one lab. Usually once in all: labs that can have it take turns, and so do the nodes. */
function nodesIn(lab: MatrixLab, fault: Fault, index: number): readonly string[] {
  const able = labs.filter((one) => canHave(one, fault, one.web) && (one.web === undefined || !canHave(one, fault)));
  if (isFull) return able.includes(lab) ? NODES : [];
  const turn = able[index % able.length] ?? labs[0];
  return turn === lab ? [NODES[index % NODES.length] as string] : [];
}

function canHave({ name, cni, overlay }: MatrixLab, fault: Fault, web?: number): boolean {
  const plan = makePlan({ name, nodes: NODES.length, cni, overlay, web });
  return fault.appliesTo(plan, fault.defaultNode(plan)) === null;
}

function titleOf({ cni, overlay, web }: MatrixLab): string {
  return `${cni}, ${overlay}${web === undefined ? "" : `, ${web} endpoints`}`;
}

const product = useProduct();
const cells: Cell[] = [];

describeLabs(`every fault (${extent})`, () => {
  afterAll(() => {
    if (cells.length > 0) console.log(`\n${matrixText(cells)}\n`);
  });

  describe.each(labs.map((lab) => [titleOf(lab), lab] as const))("%s", (_title, which) => {
    const { name, cni, overlay, web } = which;
    const lab = new BenchLab(product, { name, nodes: NODES.length, cni, overlay, web });

    const brokenOn = async (node: string): Promise<Broken> => ({
      plan: lab.bench.plan,
      node: findNode(lab.bench.plan, node),
      backend: await iptablesBackend(),
    });

    beforeAll(() => lab.build(), 60_000);
    afterAll(() => lab.takeDown());

    it("comes out healthy while nothing is broken", async () => {
      const { url, webUrl } = lab.bench.lab;
      for (const symptom of [url, webUrl, "svc/backend"]) {
        const { verdict, problem, code } = await diagnose(product, lab.bench.lab, symptom);
        expect(problem, symptom).toBeNull();
        expect({
          symptom,
          outcome: verdict?.outcome,
          confidence: verdict?.confidence,
          cause: verdict?.cause,
          code,
        }).toEqual({
          symptom,
          outcome: "healthy",
          confidence: null,
          cause: null,
          code: 0,
        });
      }
      expect(await lab.changes(), "a diagnosis changes nothing").toEqual([]);
    }, 120_000);

    for (const [index, fault] of FAULTS.entries()) {
      const nodes = nodesIn(which, fault, index);
      for (const node of fault.needsNode ? nodes : nodes.slice(0, 1).map(() => undefined)) {
        it(`${fault.id}${node === undefined ? "" : ` on ${node}`}`, async ({ skip }) => {
          const broken = await brokenOn(node ?? "k1");
          const note = noteOf(fault.id, broken);
          const expected = note === null ? expectedOf(fault.id, broken) : null;
          if (expected !== null && expected.open !== null) return skip(expected.open);
          try {
            await injectFault(name, fault.id, node);
          } catch (error) {
            if (!(error instanceof LabError) || !error.message.includes("cannot have")) throw error;
            return skip(error.message);
          }
          let isSuspect = true;
          try {
            const on = { id: fault.id, node: node ?? "-" };
            const cell = await (expected === null
              ? unmetCell(lab.bench, on, note)
              : examineCell(lab.bench, on, expected));
            cells.push(cell);
            expect(cell.wrongs, cell.symptom).toEqual([]);
            isSuspect = false;
          } finally {
            await lab.restore(isSuspect);
          }
        }, 180_000);
      }
    }

    it.skipIf(web !== undefined)(
      "names one fault alike, however its symptom is typed",
      async () => {
        await injectFault(name, "ip-forward-off", "k2");
        try {
          const expected = expectedOf("ip-forward-off", await brokenOn("k2"));
          for (const symptom of symptomForms(lab.bench.lab, lab.bench.plan)) {
            const place = { id: "ip-forward-off", node: `k2, ${symptom.title}` };
            const cell = await diagnoseCell(lab.bench, place, expected, [symptom]);
            cells.push(cell);
            expect.soft(cell.wrongs, cell.symptom).toEqual([]);
          }
        } finally {
          await lab.restore(false);
        }
      },
      300_000,
    );

    it("is well again after all of them", async () => {
      expect(await lab.broken()).toEqual([]);
    });
  });
});
