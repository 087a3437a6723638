import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { injectFault } from "../../src/lab/fault.ts";
import { findNode } from "../../src/lab/plan.ts";
import type { Verdict } from "../../src/verdict/verdict.ts";
import { describeLabs } from "../lab/lab-bundle.ts";
import { BenchLab } from "./bench-lab.ts";
import { expectedOf, iptablesBackend } from "./lab-fault-causes.ts";
import { PAIRS, type PlacedFault } from "./pairs.ts";
import { diagnose, type Ran, readVerdict, runProduct, useProduct } from "./product.ts";
import { countsText, symptomsOf } from "./symptoms.ts";
import { ownLabName } from "./take-down.ts";

/** Two faults at once: the first on the way is the cause, and its repair is not called the end. */

const product = useProduct();
/** `all`, or `few` for some of them; long, and so run when it is asked for. */
const asked = process.env.LASTHOP_PAIRS;
const isFull = asked === "all";
const describePairs = asked === undefined ? describe.skip : describeLabs;

interface Named {
  readonly id: string;
  readonly node: string | null;
  readonly object: string;
}

const nameOf = ({ id, node, object }: Named): string => `${id} ${node} ${object}`;

describePairs("two faults at once (LASTHOP_PAIRS=few runs some, LASTHOP_PAIRS=all every pair)", () => {
  describe.each(["flannel", "calico"] as const)("%s", (cni) => {
    const lab = new BenchLab(product, { name: ownLabName(`mxp-${cni}`), nodes: 3, cni, overlay: "vxlan" });
    const causeOf = async ({ fault, node = "k1" }: PlacedFault): Promise<Named> =>
      expectedOf(fault, {
        plan: lab.bench.plan,
        node: findNode(lab.bench.plan, node),
        backend: await iptablesBackend(),
      }).cause;

    beforeAll(() => lab.build(), 60_000);
    afterAll(() => lab.takeDown());

    const pairs = PAIRS.filter((pair) => (pair.cni ?? cni) === cni && (isFull || pair.isUsual === true));
    it.each(pairs.map((pair) => [pair.title, pair] as const))(
      "%s",
      async (_title, { faults: [first, second], isForetold }) => {
        const { bench } = lab;
        let isSuspect = true;
        try {
          for (const { fault, node } of [second, first]) await injectFault(bench.lab.name, fault, node);
          const [cause, next] = [await causeOf(first), await causeOf(second)];
          const { verdict, code } = await diagnose(product, bench.lab, bench.lab.url);
          expect(toldBy(verdict, code)).toEqual({ cause: nameOf(cause), confidence: "confirmed", code: 1 });
          const others = (verdict?.otherCauses ?? []).map((other) => `${nameOf(other)} ${other.confidence}`);
          // Tries from the other side may have met it already.
          const later = [`${nameOf(next)} likely`, `${nameOf(next)} confirmed`];
          expect(others.filter((other) => !later.includes(other))).toEqual([]);
          if (isForetold) expect(others.length).toBe(1);

          const file = join(bench.lab.directory, "verdict.json");
          writeFileSync(file, JSON.stringify(verdict));
          const repaired = await runProduct(product, bench.lab, ["repair", file, "--apply", "-o", "json"]);
          const isMended = { cause: null, confidence: null, code: 0 };
          // What is confirmed beside the first is repaired with it, where that alone is proven to deliver what met it.
          const isMet = others.includes(`${nameOf(next)} confirmed`);
          if (isMet && toldOf(repaired).cause === null) expect(toldOf(repaired)).toEqual(isMended);
          else {
            // The symptom still fails, and what stops it now is named.
            expect(toldOf(repaired)).toEqual({ cause: nameOf(next), confidence: "confirmed", code: 1 });
            const again = await runProduct(product, bench.lab, ["repair", "--apply", "-o", "json"]);
            expect(toldOf(again)).toEqual(isMended);
          }
          const [url] = symptomsOf(bench.lab, bench.plan);
          expect(countsText((await url?.try()) ?? [])).toBe("6 × 200");
          isSuspect = false;
        } finally {
          await lab.restore(isSuspect);
        }
      },
      120_000,
    );
  });
});

function toldOf(ran: Ran) {
  return toldBy(readVerdict(ran).verdict, ran.code);
}

function toldBy(verdict: Verdict | null, code: number) {
  const cause = verdict?.cause ?? null;
  return { cause: cause === null ? null : nameOf(cause), confidence: verdict?.confidence ?? null, code };
}
