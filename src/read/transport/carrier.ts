import { type ChildProcess, spawn } from "node:child_process";
import type { Phrase } from "../../facts/phrase.ts";
import { ToldError } from "../../facts/told-error.ts";
import { RUNNER_SCRIPT } from "./runner-script.ts";

/**
 * What brings a shell to a node: the words before `sh -c SCRIPT`. None for this very machine; `nsenter …` for a namespace.
 * @throws TransportError when the node cannot be reached for a reason that is known beforehand.
 */
export type Carrier = () => readonly string[];

/** A node, or all of them, cannot be reached: for people, with what would help. */
export class TransportError extends ToldError {
  override name = "TransportError";

  constructor(told: Phrase, options: ErrorOptions & { readonly hint?: Phrase } = {}) {
    super(told, options.hint ?? null, options);
  }
}

/** The runner leads its own process group, which is what it kills in the end. */
export function spawnRunner(carrier: readonly string[], mode: "rounds" | "tap"): ChildProcess {
  const [file = "sh", ...argv] = [...carrier, "sh", "-c", RUNNER_SCRIPT, "lasthop", mode];
  return spawn(file, argv, { stdio: ["pipe", "pipe", "pipe"], detached: true, cwd: "/" });
}

/** A last resort for when the runner does not end by itself. The group's leader must not have been reaped yet. */
export function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    child.kill("SIGKILL");
  }
}
