import { expect, it } from "vitest";
import { FAULTS } from "../../src/lab/faults/registry.ts";
import { makePlan } from "../../src/lab/plan.ts";
import { missingPart } from "../lab/machine-parts.ts";
import { expectedOf, noteOf } from "./lab-fault-causes.ts";

it.for(FAULTS.map((fault) => [fault.id, fault] as const))(
  "%s: on every node that a drawn lab can have it on, it is known what has to come out",
  ([id, fault], { skip }) => {
    const missing = missingPart(id);
    if (missing !== null) return skip(`this machine has no ${missing}`);
    let met = 0;
    for (let seed = 0; seed < 60; seed += 1) {
      const cni = seed % 2 === 0 ? "flannel" : "calico";
      const plan = makePlan({ name: "lab", cni, overlay: "vxlan", seed, ...(seed % 3 === 0 ? { web: 10 } : {}) });
      for (const node of plan.nodes) {
        if (fault.appliesTo(plan, node) !== null) continue;
        const broken = { plan, node, backend: "iptables-nft" };
        const due = noteOf(id, broken) ?? expectedOf(id, broken).cause;
        expect(due, `seed ${seed}, ${node.name}`).toBeTruthy();
        met += 1;
      }
    }
    expect(met).toBeGreaterThan(0);
  },
);
