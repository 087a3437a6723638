import type { Phrase } from "../../facts/phrase.ts";
import type { NodeName } from "../../facts/provenance.ts";
import type { Carrier } from "./carrier.ts";
import type { Command, Limits, Output, Reader, Stream, Transport } from "./reader.ts";
import { RunnerPool } from "./runner-pool.ts";
import { openStream } from "./runner-stream.ts";

const CHANGE_LIMITS: Limits = { timeoutMs: 15_000, maxBytes: 1 << 20 };

/** A Transport over runners, whatever carries them. */
export function openRunnerTransport(via: Phrase, carriers: ReadonlyMap<NodeName, Carrier>): Transport {
  const runners = new Map([...carriers].map(([node, carrier]) => [node, new RunnerPool(node, carrier)]));
  const streams = new Set<Stream>();
  const missing = (node: NodeName): Carrier => {
    return () => {
      throw new Error(`no way to reach node ${node} is known (there are: ${[...carriers.keys()].join(", ")})`);
    };
  };
  const runnerOf = (node: NodeName) => runners.get(node) ?? new RunnerPool(node, missing(node));
  return {
    via,
    nodes: [...carriers.keys()],
    offline: false,
    run: (node: NodeName, round: readonly Command[], limits: Limits): Promise<readonly Output[]> =>
      runnerOf(node).run(
        round.map((command) => ({ command, stdin: null })),
        limits,
      ),
    tap(node: NodeName, command: Command, limits: Limits): Stream {
      const stream = openStream(carriers.get(node) ?? missing(node), command, limits);
      streams.add(stream);
      void stream.done.then(() => streams.delete(stream));
      return stream;
    },
    async change(node: NodeName, command: Command, stdin?: string): Promise<Output> {
      const [output] = await runnerOf(node).run([{ command, stdin: stdin ?? null }], CHANGE_LIMITS);
      if (output === undefined) throw new Error(`no output of ${command.argv.join(" ")} on ${node}`);
      return output;
    },
    async close(): Promise<void> {
      await Promise.all([...streams].map((stream) => stream.stop()));
      await Promise.all([...runners.values()].map((runner) => runner.close()));
    },
  };
}

/** The same, unable to alter a node: `change` is not there at run time either. */
export function readerOf(transport: Transport): Reader {
  const { via, nodes, offline, run, tap, close } = transport;
  return { via, nodes, offline, run, tap, close };
}
