import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { type Phrase, phrase } from "../../facts/phrase.ts";
import type { NodeName } from "../../facts/provenance.ts";
import { killGroup, spawnRunner } from "./carrier.ts";
import { type Frame, FrameReader } from "./frame-reader.ts";
import type { Command, Limits, Output } from "./reader.ts";
import { encodeWord } from "./runner-script.ts";

const STDERR_LIMIT_BYTES = 64 * 1024;
/** What RUNNER_SCRIPT exits with when the namespace to enter is gone. */
const NETNS_GONE = 97;
const NOT_FOUND = 127;

/** A command and, for one that changes something, what to feed it. */
export interface Order {
  readonly command: Command;
  readonly stdin: string | null;
}

interface Ending {
  readonly status: number | null;
  readonly failure: Phrase | null;
  readonly out: Frame;
  readonly err: Frame;
}

/** One runner on one node. It serves rounds until it is closed, or until a command had to be cut short: then it is dead. */
export class RunnerSession {
  readonly #node: NodeName;
  readonly #child: ChildProcess;
  readonly #out: FrameReader;
  readonly #err: FrameReader;
  #outFrames: Frame[] = [];
  #errFrames: Frame[] = [];
  #wake: () => void = () => {};
  #dead: Phrase | null = null;
  #greeted = false;

  constructor(node: NodeName, carrier: readonly string[]) {
    const nonce = randomBytes(16).toString("hex");
    this.#node = node;
    this.#out = new FrameReader(nonce, (frame) => this.#outFrames.push(frame));
    this.#err = new FrameReader(nonce, (frame) => this.#errFrames.push(frame));
    this.#err.limit = STDERR_LIMIT_BYTES;
    this.#child = spawnRunner(carrier, "rounds");
    this.#child.stdout?.on("data", (chunk: Buffer) => this.#receive(this.#out, chunk));
    this.#child.stderr?.on("data", (chunk: Buffer) => this.#receive(this.#err, chunk));
    this.#child.stdin?.on("error", () => {});
    this.#child.on("error", (error) => this.#die(error.message));
    this.#child.on("close", () => this.#die(this.#lastWords()));
    this.#child.stdin?.write(`${nonce}\n`);
  }

  get alive(): boolean {
    return this.#dead === null;
  }

  /** Outputs of a prefix of the orders: all of them, unless the runner died on the last one that is here. */
  async run(orders: readonly Order[], limits: Limits): Promise<Output[]> {
    const outputs: Output[] = [];
    if (!this.#greeted) {
      const startedAt = performance.now();
      const greeting = await this.#ending(limits);
      const first = orders[0];
      if (greeting.failure !== null && first !== undefined) {
        const failure = isSilence(greeting.failure)
          ? phrase("node-silent", { ms: limits.timeoutMs })
          : greeting.failure;
        return [this.#output(first.command, startedAt, { ...greeting, failure })];
      }
      this.#greeted = true;
    }
    const seconds = Math.ceil((orders.length * limits.timeoutMs) / 1000) + 5;
    const lines = orders.map(({ command, stdin }, id) => {
      const words = [command.netns ?? "", ...command.argv].map(encodeWord).join(" ");
      return stdin === null ? `run ${id} ${words}` : `feed ${id} ${encodeWord(stdin)} ${words}`;
    });
    this.#child.stdin?.write(`round ${seconds}\n${lines.join("\n")}\nend\n`);
    for (const { command } of orders) {
      const startedAt = performance.now();
      const ending = await this.#ending(limits);
      outputs.push(this.#output(command, startedAt, ending));
      if (this.#dead !== null) break;
    }
    return outputs;
  }

  /** Ends the runner and all that it started. */
  async close(): Promise<void> {
    if (this.#child.pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => this.#child.once("exit", () => resolve()));
    this.#child.stdin?.end();
    const timer = setTimeout(() => killGroup(this.#child), 1000);
    await gone;
    clearTimeout(timer);
  }

  #receive(reader: FrameReader, chunk: Buffer): void {
    reader.push(chunk);
    this.#wake();
  }

  #die(why: Phrase): void {
    this.#dead ??= why;
    this.#wake();
  }

  #lastWords(): Phrase {
    const said = this.#err.flush().payload.toString("utf8").trim();
    return said === "" ? phrase("connection-ended") : said;
  }

  /** Waits for both ends of one command. Cutting it short costs the runner: what a killed command left behind could still print. */
  async #ending(limits: Limits): Promise<Ending> {
    this.#out.limit = limits.maxBytes;
    const deadline = performance.now() + limits.timeoutMs;
    for (;;) {
      const out = this.#outFrames[0];
      const err = this.#errFrames[0];
      if (out !== undefined && err !== undefined) {
        this.#outFrames.shift();
        this.#errFrames.shift();
        return { status: Number(out.header.split(" ")[1]), failure: null, out, err };
      }
      const left = deadline - performance.now();
      if (this.#dead !== null) return this.#cutShort(this.#dead);
      if (limits.signal?.aborted) return this.#cutShort(phrase("interrupted"));
      if (this.#out.overflowed) return this.#cutShort(null);
      if (left <= 0) return this.#cutShort(phrase("no-answer-within", { ms: limits.timeoutMs }));
      await this.#sleep(left, limits.signal);
    }
  }

  #cutShort(failure: Phrase | null): Ending {
    this.#dead ??= failure ?? phrase("output-overflows");
    this.#child.stdin?.end();
    killGroup(this.#child);
    const out = this.#outFrames.shift() ?? this.#out.flush();
    const err = this.#errFrames.shift() ?? this.#err.flush();
    return { status: null, failure, out, err };
  }

  #sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", wake);
        this.#wake = () => {};
        resolve();
      };
      const timer = setTimeout(wake, ms);
      signal?.addEventListener("abort", wake);
      this.#wake = wake;
    });
  }

  #output(command: Command, startedAt: number, ending: Ending): Output {
    const stderr = ending.err.payload.toString("utf8");
    return {
      node: this.#node,
      command,
      status: ending.status,
      stdout: ending.out.payload,
      stderr,
      truncated: ending.out.truncated,
      failure: ending.failure ?? failureOf(command, ending.status, stderr),
      at: new Date(performance.timeOrigin + startedAt).toISOString(),
      durationMs: performance.now() - startedAt,
    };
  }
}

/** Nothing came within the time that was given. */
export function isSilence(failure: Phrase | null): boolean {
  return failure !== null && typeof failure !== "string" && ["no-answer-within", "node-silent"].includes(failure.code);
}

/** Statuses that mean that the command never ran. */
function failureOf(command: Command, status: number | null, stderr: string): Phrase | null {
  const said = stderr.trim().split("\n").at(-1) ?? "";
  if (status === NETNS_GONE && said.startsWith("lasthop: ")) return said.slice("lasthop: ".length);
  if (status === NOT_FOUND) return phrase("command-not-found", { command: command.argv[0] ?? "" });
  if (status === 1 && /^nsenter: /.test(said)) return said;
  return null;
}
