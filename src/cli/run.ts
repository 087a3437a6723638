import { setMaxListeners } from "node:events";
import { phrase } from "../facts/phrase.ts";
import { ToldError } from "../facts/told-error.ts";
import { tellError } from "./error-words.ts";
import { onSignal } from "./signals.ts";

/** Statuses that every command shares (see `lasthop --help`). */
export const EXIT = { good: 0, broken: 1, noCause: 2, failed: 3, interrupted: 130 } as const;

/** A command that cannot do its work. */
export class CliError extends ToldError {}

/** The signal fired: there is nothing to tell, for what was half done proves nothing. */
export class Interrupted extends Error {}

/**
 * Runs a command's action to its exit status. Ctrl-C aborts the signal, so that everything started on a node is ended
 * before we go; a second Ctrl-C does not wait. A reader that went away (`| head`) ends it in the same way.
 */
export async function guarded(action: (signal: AbortSignal) => Promise<number>): Promise<void> {
  const interrupt = new AbortController();
  // Every command on every node listens for it.
  setMaxListeners(0, interrupt.signal);
  let times = 0;
  onSignal(() => {
    times += 1;
    interrupt.abort();
    if (times > 1) process.exit(EXIT.interrupted);
  });
  let isHeard = true;
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (isHeard && error.code !== "EPIPE")
      tellError(new CliError(phrase("answer-not-written", { why: error.message }), phrase("write-elsewhere")));
    isHeard = false;
    // It may come when the action is over already.
    process.exitCode = EXIT.failed;
    interrupt.abort();
  });
  process.stderr.on("error", () => {});
  try {
    process.exitCode = await action(interrupt.signal);
  } catch (error) {
    process.exitCode = EXIT.failed;
    if (!interrupt.signal.aborted) tellError(error);
  }
  // What was abandoned may still hold timers: nobody waits for them.
  if (interrupt.signal.aborted) process.exit(isHeard ? EXIT.interrupted : EXIT.failed);
}

/** Rejects as soon as the signal fires; the work itself is abandoned. @throws Interrupted */
export function untilInterrupted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(new Interrupted());
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
