import type { NodeName } from "../../facts/provenance.ts";
import type { Carrier } from "./carrier.ts";
import type { Limits, Output } from "./reader.ts";
import { RunnerNode } from "./runner-node.ts";
import type { Order } from "./runner-session.ts";

/** Runners on one node, side by side: a round that waits for its packets holds up no other. */
export class RunnerPool {
  readonly #start: () => RunnerNode;
  readonly #runners: { readonly runner: RunnerNode; rounds: number }[] = [];

  constructor(node: NodeName, carrier: Carrier) {
    this.#start = () => new RunnerNode(node, carrier);
  }

  /** The first that is idle; another one where all are busy, up to a limit; else the least busy. */
  async run(orders: readonly Order[], limits: Limits): Promise<Output[]> {
    let lane = this.#runners.find(({ rounds }) => rounds === 0);
    if (lane === undefined && this.#runners.length < MOST_RUNNERS) {
      lane = { runner: this.#start(), rounds: 0 };
      this.#runners.push(lane);
    }
    lane ??= this.#runners.reduce((least, one) => (one.rounds < least.rounds ? one : least));
    lane.rounds += 1;
    try {
      return await lane.runner.run(orders, limits);
    } finally {
      lane.rounds -= 1;
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#runners.map(({ runner }) => runner.close()));
  }
}

/** sshd's MaxSessions is 10 by default, and taps need some of them. */
const MOST_RUNNERS = 4;
