import type { Cluster } from "../facts/cluster.ts";
import type { NodeName } from "../facts/provenance.ts";
import type { NotChecked, World } from "../facts/world.ts";
import type { KubeReader } from "../read/kube/kube-reader.ts";
import type { Limits, Reader } from "../read/transport/reader.ts";
import type { Evidence } from "../verdict/verdict.ts";

/** What a hunt is given: the cluster as it was read, the way to its nodes, and the outside world as values. */
export interface Field {
  readonly reader: Reader;
  readonly kube: KubeReader;
  readonly cluster: Cluster;
  readonly world: World;
  readonly limits: Limits;
  readonly now: () => number;
  /** @returns so many random bytes */
  readonly random: (bytes: number) => Uint8Array;
  /** Where raw captures are kept; null: nowhere. */
  readonly keepIn: string | null;
  /** Nodes with the same boot id share a kernel. */
  readonly bootIds: ReadonlyMap<NodeName, string>;
}

/** Collects evidence and what could not be checked, numbered as it comes. */
export class Notebook {
  readonly evidence: Evidence[] = [];
  readonly notChecked: NotChecked[] = [];

  /** @returns the evidence's id */
  add(item: Omit<Evidence, "id">): string {
    const id = `e${this.evidence.length + 1}`;
    this.evidence.push({ id, ...item, excerpt: item.excerpt.slice(0, 2000) });
    return id;
  }

  miss(items: readonly NotChecked[]): void {
    for (const item of items) {
      if (!this.notChecked.some((known) => known.what === item.what && known.why === item.why))
        this.notChecked.push(item);
    }
  }
}
