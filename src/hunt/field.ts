import type { Cluster } from "../facts/cluster.ts";
import { samePhrase } from "../facts/phrase.ts";
import type { NodeName } from "../facts/provenance.ts";
import type { NotChecked, World } from "../facts/world.ts";
import type { KubeReader } from "../read/kube/kube-reader.ts";
import { isBundle } from "../read/transport/bundle.ts";
import type { Limits, Reader } from "../read/transport/reader.ts";
import type { Exhibit } from "./conclusion.ts";
import { type Event, type Events, event } from "./events.ts";

/** What a hunt is given: the cluster as it was read, the way to its nodes, and the outside world as values. */
export interface Field {
  readonly reader: Reader;
  readonly kube: KubeReader;
  readonly cluster: Cluster;
  readonly world: World;
  readonly limits: Limits;
  readonly now: () => number;
  /** Milliseconds of processor time that we have used. A busy machine gives us less of it; of a recording it rests, as its clock. */
  readonly usedMs: () => number;
  /** @returns so many random bytes */
  readonly random: (bytes: number) => Uint8Array;
  /** Where raw captures are kept; null: nowhere. */
  readonly keepIn: string | null;
  /** Nodes with the same boot id share a kernel. */
  readonly bootIds: ReadonlyMap<NodeName, string>;
}

/** When what is said now was so: of a recording, when it was made. */
export function evidenceAt({ reader, now }: Field): string {
  return isBundle(reader) ? reader.recordedAt : new Date(now()).toISOString();
}

/** Collects evidence, numbered as it comes, what was done when, and what could not be checked. */
export class Notebook {
  readonly evidence: Exhibit[] = [];
  readonly notChecked: NotChecked[] = [];
  readonly events: Event[] = [];

  /** @returns the evidence's id */
  add(item: Omit<Exhibit, "id">): string {
    const id = `e${this.evidence.length + 1}`;
    this.evidence.push({ id, ...item });
    return id;
  }

  /** @param until null for a moment */
  happened<K extends keyof Events>(from: number, until: number | null, code: K, params: Events[K]): void {
    this.events.push(event(from, until, code, params));
  }

  miss(items: readonly NotChecked[]): void {
    for (const item of items) {
      if (!this.notChecked.some((known) => samePhrase(known.what, item.what) && samePhrase(known.why, item.why)))
        this.notChecked.push(item);
    }
  }
}
