import type { Phrase } from "../../facts/phrase.ts";
import type { NodeName } from "../../facts/provenance.ts";

/** One command on one node. `name` is what a bundle files its output under: `ip-route`, `pods/NS_NAME/ip-addr`. */
export interface Command {
  readonly name: string;
  readonly argv: readonly string[];
  /** Path on the node of the network namespace to run in (`/proc/PID/ns/net`); null: the node's own. */
  readonly netns: string | null;
}

export interface Limits {
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
}

/** What became of a command. A command that could not run is an output too: `failure` says why. */
export interface Output {
  readonly node: NodeName;
  readonly command: Command;
  /** Exit status; null when it did not exit by itself or never started. */
  readonly status: number | null;
  readonly stdout: Uint8Array;
  readonly stderr: string;
  /** Standard output was cut at `maxBytes`. */
  readonly truncated: boolean;
  /** Null when it ran; else timeout, no such command, node unreachable, not in the bundle … in words. */
  readonly failure: Phrase | null;
  readonly at: string;
  readonly durationMs: number;
}

/** A command that goes on until it is stopped: a tap. Closing it ends the process on the node. */
export interface Stream {
  readonly stdout: AsyncIterable<Uint8Array>;
  /** Lines of standard error as they come ("listening on …", "N packets captured"). */
  readonly stderr: AsyncIterable<string>;
  /** Asks it to end (SIGINT, so that tcpdump prints its counts), waits, returns the exit status. */
  stop(): Promise<number | null>;
  readonly done: Promise<number | null>;
}

/** Reads a cluster's nodes; cannot alter them. */
export interface Reader {
  /** How nodes are reached, for people: `namespaces of this machine`, `a bundle`. */
  readonly via: Phrase;
  readonly nodes: readonly NodeName[];
  /** True when outputs are replayed: nothing can be probed. */
  readonly offline: boolean;
  /** One round trip: the commands run in order, each under the limits. Never rejects for a node's sake. */
  run(node: NodeName, round: readonly Command[], limits: Limits): Promise<readonly Output[]>;
  tap(node: NodeName, command: Command, limits: Limits): Stream;
  /** Ends every process that was started on a node. */
  close(): Promise<void>;
}

/** Only `change/` may see this. `stdin` is for files to write. */
export interface Transport extends Reader {
  change(node: NodeName, command: Command, stdin?: string): Promise<Output>;
}

export function text(output: Output): string {
  return new TextDecoder("utf-8", { fatal: false }).decode(output.stdout);
}
