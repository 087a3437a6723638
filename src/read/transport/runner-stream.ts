import type { Carrier } from "./carrier.ts";
import { killGroup, spawnRunner } from "./carrier.ts";
import type { Command, Limits, Stream } from "./reader.ts";
import { encodeWord } from "./runner-script.ts";

const LINE_LIMIT = 8 * 1024;
/** The runner interrupts at once and kills after 2 s; past this the carrier itself hangs. */
const STOP_LIMIT_MS = 4000;
/** Whoever interrupts does not wait for the counts of a tap. */
const INTERRUPTED_LIMIT_MS = 800;

/** Starts one long-running command. A node that cannot be reached is a stream that ends at once, with the reason on stderr. */
export function openStream(carrier: Carrier, command: Command, limits: Limits): Stream {
  if (limits.signal?.aborted) return deadStream("interrupted");
  let argv: readonly string[];
  try {
    argv = carrier();
  } catch (error) {
    return deadStream(error instanceof Error ? error.message : String(error));
  }
  const child = spawnRunner(argv, "tap");
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stdout === null || stderr === null) return deadStream("no pipe to the runner");
  let startError: string | null = null;
  const done = new Promise<number | null>((resolve) => {
    child.once("error", (error) => {
      startError = error.message;
      resolve(null);
    });
    child.once("exit", (status) => {
      stdin.end();
      resolve(status);
    });
  });
  stdin.on("error", () => {});
  const words = [command.netns ?? "", ...command.argv].map(encodeWord).join(" ");
  stdin.write(`${Math.ceil(limits.timeoutMs / 1000)} ${words}\n`);
  const stop = async () => {
    if (stdin.writable) stdin.write("stop\n");
    const timer = setTimeout(() => killGroup(child), limits.signal?.aborted ? INTERRUPTED_LIMIT_MS : STOP_LIMIT_MS);
    const status = await done;
    clearTimeout(timer);
    return status;
  };
  limits.signal?.addEventListener("abort", () => void stop(), { once: true });
  return {
    stdout: upTo(stdout, limits.maxBytes, () => void stop()),
    stderr: linesOf(stderr, () => startError),
    stop,
    done,
  };
}

async function* upTo(source: AsyncIterable<Buffer>, maxBytes: number, onLimit: () => void): AsyncGenerator<Uint8Array> {
  let left = maxBytes;
  for await (const chunk of source) {
    if (left > 0) yield chunk.length > left ? chunk.subarray(0, left) : chunk;
    if (left > 0 && chunk.length >= left) onLimit();
    left -= chunk.length;
  }
}

/** Lines as they come; one that is longer than LINE_LIMIT is cut into several. */
async function* linesOf(source: AsyncIterable<Buffer>, startError: () => string | null): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let pending = "";
  for await (const chunk of source) {
    const parts = (pending + decoder.decode(chunk, { stream: true })).split("\n");
    pending = parts.pop() ?? "";
    yield* parts;
    for (; pending.length > LINE_LIMIT; pending = pending.slice(LINE_LIMIT)) yield pending.slice(0, LINE_LIMIT);
  }
  if (pending !== "") yield pending;
  const error = startError();
  if (error !== null) yield error;
}

export function deadStream(why: string): Stream {
  return {
    stdout: (async function* () {})(),
    stderr: (async function* () {
      yield why;
    })(),
    stop: async () => null,
    done: Promise.resolve(null),
  };
}
