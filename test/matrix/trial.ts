import type { Lab } from "../../src/lab/lab.ts";
import { observe } from "./observe.ts";
import { type Diagnosis, diagnose, type Product } from "./product.ts";
import { isHealthy, type Symptom } from "./symptoms.ts";
import type { Attempt } from "./tcpdump-oracle.ts";

/** A symptom tried by hand and then given to the product, both under the eyes of the oracle. */
export interface Trial {
  readonly symptom: Symptom;
  readonly statuses: readonly string[];
  readonly diagnosis: Diagnosis;
  /** Attempts of the tries by hand. */
  readonly own: readonly Attempt[];
  /** Attempts while the product was at work. */
  readonly probes: readonly Attempt[];
}

/** Diagnoses the first symptom that is broken; null when all are well. */
export async function diagnoseFirstBroken(
  product: Product,
  lab: Lab,
  symptoms: readonly Symptom[],
): Promise<Trial | null> {
  const { result, attempts } = await observe(lab, async () => {
    for (const symptom of symptoms) {
      const fromNs = nowNs();
      const statuses = await symptom.try();
      if (isHealthy(statuses)) continue;
      const toNs = nowNs();
      return {
        symptom,
        statuses,
        fromNs,
        toNs,
        diagnosis: await diagnose(product, lab, symptom.input, symptom.flags ?? []),
      };
    }
    return null;
  });
  if (result === null) return null;
  const { symptom, statuses, fromNs, toNs, diagnosis } = result;
  return {
    symptom,
    statuses,
    diagnosis,
    own: attempts.filter((one) => one.startedNs >= fromNs && one.startedNs < toNs),
    probes: attempts.filter((one) => one.startedNs >= toNs),
  };
}

/** tcpdump's clock, which is this machine's too. */
function nowNs(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}
