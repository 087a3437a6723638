import { type Phrase, phrase } from "../../facts/phrase.ts";
import { toldBy } from "../../facts/told-error.ts";
import type { NodeName } from "../../facts/provenance.ts";
import type { Carrier } from "./carrier.ts";
import type { Limits, Output } from "./reader.ts";
import { isSilence, type Order, RunnerSession } from "./runner-session.ts";

/** Commands of one round that may run into their deadline before the rest is given up. */
const MOST_SILENCES = 3;

/** One node's runner, started when first needed and again after a command had to be cut short. Rounds take turns. */
export class RunnerNode {
  readonly #node: NodeName;
  readonly #carrier: Carrier;
  #session: RunnerSession | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(node: NodeName, carrier: Carrier) {
    this.#node = node;
    this.#carrier = carrier;
  }

  run(orders: readonly Order[], limits: Limits): Promise<Output[]> {
    const outputs = this.#turn.then(() => this.#run(orders, limits));
    this.#turn = outputs.catch(() => {});
    return outputs;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#session?.close();
  }

  async #run(orders: readonly Order[], limits: Limits): Promise<Output[]> {
    const outputs: Output[] = [];
    let silences = 0;
    while (outputs.length < orders.length) {
      const session = this.#closed
        ? phrase("transport-closed")
        : limits.signal?.aborted
          ? phrase("interrupted")
          : this.#open();
      const left = orders.slice(outputs.length);
      if (!(session instanceof RunnerSession))
        return [...outputs, ...left.map((order) => this.#failed(order, session))];
      const done = await session.run(left, limits);
      outputs.push(...done);
      const last = done.at(-1);
      if (session.alive || last === undefined || outputs.length >= orders.length) continue;
      await session.close();
      const isSilent = isSilence(last.failure);
      if (isSilent) silences += 1;
      const isGoingOn = last.truncated || (isSilent && silences < MOST_SILENCES);
      if (!isGoingOn || limits.signal?.aborted) {
        const why = last.failure ?? phrase("connection-ended");
        return [...outputs, ...orders.slice(outputs.length).map((order) => this.#failed(order, why))];
      }
    }
    return outputs;
  }

  #open(): RunnerSession | Phrase {
    if (this.#session?.alive) return this.#session;
    try {
      this.#session = new RunnerSession(this.#node, this.#carrier());
      return this.#session;
    } catch (error) {
      return toldBy(error);
    }
  }

  #failed(order: Order, failure: Phrase): Output {
    return {
      node: this.#node,
      command: order.command,
      status: null,
      stdout: new Uint8Array(),
      stderr: "",
      truncated: false,
      failure,
      at: new Date().toISOString(),
      durationMs: 0,
    };
  }
}
