import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { injectFault } from "../../src/lab/fault.ts";
import { FAULTS } from "../../src/lab/faults/registry.ts";
import { findNode } from "../../src/lab/plan.ts";
import type { Verdict, VerdictCause } from "../../src/verdict/verdict.ts";
import { describeLabs } from "../lab/lab-bundle.ts";
import { BenchLab } from "../matrix/bench-lab.ts";
import { expectedOf, iptablesBackend, noteOf } from "../matrix/lab-fault-causes.ts";
import { tableText } from "../matrix/matrix-table.ts";
import { type Diagnosis, diagnose, diagnoseRecorded, runProduct, useProduct } from "../matrix/product.ts";
import { isHealthy, type Symptom, symptomsOf } from "../matrix/symptoms.ts";
import { ownLabName } from "../matrix/take-down.ts";

const isFull = process.env.LASTHOP_FULL_MATRIX === "1";
const USUAL = [
  "ip-forward-off",
  "mtu-black-hole",
  "node-down",
  "svc-selector-mismatch",
  "externaltrafficpolicy-local-without-endpoint",
  "conntrack-stale-dnat",
  "netpol-deny",
];
/**
 * What only packets tell: of what happens between the nodes, and in a router that nobody read, no node has a fact; that a machine has
 * gone takes two signs, and the API has not noticed yet; and that pods are not ready may be no affair of who asks.
 */
const WITHOUT_FACTS = ["fabric-drop", "mtu-black-hole", "no-route-to-pod-cidr", "node-down", "svc-no-ready-endpoints"];
const extent = isFull ? "every fault" : "some faults; LASTHOP_FULL_MATRIX=1: every fault";
const FAULTY_NODE = "k2";
const SURENESS = [null, "suspected", "likely", "confirmed"] as const;

const product = useProduct();
const lab = new BenchLab(product, { name: ownLabName("bol"), nodes: 3, cni: "flannel", overlay: "vxlan" });
const rows: (readonly string[])[] = [];

describeLabs(`a recording tells what its cluster told (${extent})`, () => {
  beforeAll(() => lab.build(), 120_000);
  afterAll(async () => {
    await lab.takeDown();
    if (rows.length > 0) console.log(`\n${tableText(["fault", "live", "recorded", "without captures"], rows)}\n`);
  });

  describe.each(FAULTS.filter(({ id }) => isFull || USUAL.includes(id)))("$id", (fault) => {
    it("the same outcome, causes and repairs", async ({ skip }) => {
      const { bench } = lab;
      const node = findNode(bench.plan, FAULTY_NODE);
      const hindrance = fault.appliesTo(bench.plan, fault.needsNode ? node : fault.defaultNode(bench.plan));
      if (hindrance !== null) return skip(hindrance.en);
      const broken = { plan: bench.plan, node, backend: await iptablesBackend() };
      if (noteOf(fault.id, broken) !== null) return skip("no packet is lost by it");
      const expected = expectedOf(fault.id, broken);
      if (expected.open !== null) return skip(expected.open);
      const whole = join(product.stateHome, "..", `${fault.id}.tgz`);
      const mute = join(product.stateHome, "..", `${fault.id}-mute.tgz`);
      try {
        await injectFault(bench.lab.name, fault.id, fault.needsNode ? FAULTY_NODE : undefined);
        const symptom = await firstBroken([...expected.symptoms, ...symptomsOf(bench.lab, bench.plan)]);
        if (symptom === null) {
          // These break something, or there would be nothing left that this compares.
          expect(USUAL, "nothing that the lab's users do is broken").not.toContain(fault.id);
          return skip("nothing that the lab's users do is broken");
        }
        const { input, flags = [] } = symptom;
        const live = verdictOf(await diagnose(product, bench.lab, input, flags));
        for (const argv of [[whole, input, ...flags], [mute]]) {
          const ran = await runProduct(product, bench.lab, ["snapshot", "-o", ...argv]);
          expect(ran.code, ran.stderr).toBe(0);
        }
        const recorded = verdictOf(await diagnoseRecorded(product, whole, input, flags));
        const silent = verdictOf(await diagnoseRecorded(product, mute, input, flags));
        rows.push([fault.id, saidText(live), saidText(recorded), saidText(silent)]);
        expect(told(recorded), input).toEqual(told(live));
        expect(sureness(recorded)).toBeLessThanOrEqual(sureness(live));
        expect(sureness(silent), "nothing was captured").toBeLessThanOrEqual(SURENESS.indexOf("likely"));
        if (!WITHOUT_FACTS.includes(fault.id)) expect(told(silent), `${input} without captures`).toEqual(told(live));
      } finally {
        for (const file of [whole, mute]) rmSync(file, { force: true });
        await lab.restore(false);
      }
    }, 240_000);
  });
});

async function firstBroken(symptoms: readonly Symptom[]): Promise<Symptom | null> {
  for (const symptom of symptoms) if (!isHealthy(await symptom.try())) return symptom;
  return null;
}

function verdictOf({ verdict, problem }: Diagnosis): Verdict {
  if (verdict === null) throw new Error(problem ?? "no verdict");
  return verdict;
}

/** What may not hang on whether the cluster is there. */
function told({ outcome, cause, otherCauses, repairs }: Verdict) {
  return {
    outcome,
    cause: cause === null ? null : causeTold(cause),
    otherCauses: otherCauses.map(causeTold),
    repairs: repairs.map(({ id, kind, node, params, commands, proven }) => ({
      id,
      kind,
      node,
      params,
      commands,
      proven,
    })),
  };
}

/** A neighbour's entry that nobody answers for goes to and fro between two states (neigh_timer_handler). */
function causeTold({ id, node, netns, object, found, wanted }: VerdictCause) {
  return { id, node, netns, object, found: found?.replace(/\bINCOMPLETE$/, "FAILED") ?? null, wanted };
}

function sureness({ confidence }: Verdict): number {
  return SURENESS.indexOf(confidence);
}

function saidText({ outcome, confidence, cause }: Verdict): string {
  return cause === null ? outcome : `${confidence} ${cause.id} ${cause.node}`;
}
