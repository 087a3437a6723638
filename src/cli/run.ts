import { setMaxListeners } from "node:events";
import { HuntError } from "../hunt/hunt-error.ts";
import { printable } from "../tell/report/finding-text.ts";

/** Statuses that every command shares (see `lasthop --help`). */
export const EXIT = { good: 0, broken: 1, noCause: 2, failed: 3, interrupted: 130 } as const;

/** A failure of ours, with what to do next. */
export class CliError extends Error {
  readonly hint: string;

  constructor(message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.hint = hint;
  }
}

/**
 * Runs a command's action to its exit status. Ctrl-C aborts the signal, so that everything started on a node is ended
 * before we go; a second Ctrl-C does not wait.
 */
export async function guarded(action: (signal: AbortSignal) => Promise<number>): Promise<void> {
  const interrupt = new AbortController();
  // Every command on every node listens for it.
  setMaxListeners(0, interrupt.signal);
  let times = 0;
  const onSignal = (): void => {
    times += 1;
    interrupt.abort();
    if (times > 1) process.exit(EXIT.interrupted);
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal).on("SIGHUP", onSignal);
  // A reader that went away (`| head`) is no error of ours.
  process.stdout.on("error", () => process.exit(EXIT.failed));
  try {
    const status = await action(interrupt.signal);
    process.exitCode = interrupt.signal.aborted ? EXIT.interrupted : status;
  } catch (error) {
    if (interrupt.signal.aborted) process.exitCode = EXIT.interrupted;
    else {
      process.exitCode = EXIT.failed;
      tellError(error);
    }
  }
}

/** Every command's way to say that it could not do its work: what happened, and what to do next. */
function tellError(error: unknown): void {
  const { message, hint } = wordsOf(error);
  process.stderr.write(`lasthop: ${printable(message)}\n`);
  if (hint !== null) process.stderr.write(`         ${printable(hint)}\n`);
}

function wordsOf(error: unknown): { readonly message: string; readonly hint: string | null } {
  if (error instanceof HuntError) return huntWords(error);
  if (error instanceof Error) {
    const hint = "hint" in error && typeof error.hint === "string" ? error.hint : null;
    return { message: error.message, hint };
  }
  return { message: String(error), hint: null };
}

function huntWords({ problem }: HuntError): { readonly message: string; readonly hint: string | null } {
  if (problem.error === "no-place-to-send-from") {
    return {
      message: "no node could be read, so there is nowhere to try it from",
      hint: "See which nodes answer: -v, or check --inventory.",
    };
  }
  const near = problem.near.length === 0 ? null : `There are: ${problem.near.join(", ")}`;
  switch (problem.error) {
    case "no-such-place":
      return { message: `there is no place "${problem.from}" to send from`, hint: near };
    case "no-such-service":
      return { message: `there is no Service ${problem.name}`, hint: near };
    case "no-such-pod":
      return { message: `there is no pod ${problem.name}`, hint: near };
    case "no-such-port":
      return { message: `${problem.name}: no such port`, hint: near };
    case "pod-without-address":
      return {
        message: `pod ${problem.name} has no address: it is not running yet`,
        hint: "kubectl describe pod tells why.",
      };
    case "service-without-address":
      return {
        message: `Service ${problem.name} is headless and has no endpoint`,
        hint: "Check its selector and whether its pods are ready.",
      };
    case "name-not-resolved":
      return {
        message: `${problem.name} is the name of no Service of this cluster`,
        hint: near ?? "Use the address that it resolves to.",
      };
  }
}
