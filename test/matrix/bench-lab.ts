import { healFaults } from "../../src/lab/fault.ts";
import { requireLab } from "../../src/lab/state.ts";
import { type LabUpOptions, labUp } from "../../src/lab/up.ts";
import { differences, type Snapshot } from "./lab-snapshot.ts";
import { type Bench, snapshotOf } from "./mend.ts";
import { countsText, isHealthy, symptomsOf } from "./symptoms.ts";
import type { Product } from "./product.ts";
import { takeDown } from "./take-down.ts";

/** A lab that tests break, and that is built anew where one of them left something behind. */
export class BenchLab {
  readonly #options: LabUpOptions & { readonly name: string };
  readonly #product: Product;
  #built: { readonly bench: Bench; readonly healthy: Snapshot } | null = null;

  constructor(product: Product, options: Omit<LabUpOptions, "serverBundle"> & { readonly name: string }) {
    this.#product = product;
    this.#options = { ...options, serverBundle: product.labServer };
  }

  get bench(): Bench {
    if (this.#built === null) throw new Error("the lab is not built yet");
    return this.#built.bench;
  }

  async build(): Promise<void> {
    await this.takeDown();
    const lab = await labUp(this.#options);
    const bench = { product: this.#product, lab, plan: requireLab(lab.name).plan };
    this.#built = { bench, healthy: await snapshotOf(lab) };
  }

  /** What is not as it was when the lab was built. */
  async changes(): Promise<readonly string[]> {
    return this.#built === null ? [] : differences(this.#built.healthy, await snapshotOf(this.#built.bench.lab));
  }

  /** What of the things that its users do fails, and how. */
  async broken(): Promise<readonly string[]> {
    const { lab, plan } = this.bench;
    const tried = await Promise.all(symptomsOf(lab, plan).map(async (one) => ({ one, statuses: await one.try() })));
    return tried.flatMap(({ one, statuses }) => (isHealthy(statuses) ? [] : [`${one.input}: ${countsText(statuses)}`]));
  }

  /**
   * Heals the lab's own faults. What a test that failed left behind must not spoil the next; of the others it is asked once, by
   * `broken` at the end: to look at everything costs as much as a diagnosis.
   */
  async restore(isSuspect: boolean): Promise<void> {
    await healFaults(this.#options.name);
    if (isSuspect && (await this.changes()).length > 0) await this.build();
  }

  async takeDown(): Promise<void> {
    await takeDown(this.#options.name);
  }
}
