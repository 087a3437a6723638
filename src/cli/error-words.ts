import { ChangeError } from "../change/change-error.ts";
import { HuntError } from "../hunt/hunt-error.ts";
import { BundleError } from "../read/bundle/bundle-error.ts";
import { en } from "../tell/i18n/en.ts";
import { printable } from "../tell/report/finding-text.ts";
import { errorText } from "../tell/report/repair-text.ts";

interface ErrorWords {
  readonly message: string;
  readonly hint: string | null;
}

/** Every command's way to say that it could not do its work: what happened, and what to do next. */
export function tellError(error: unknown): void {
  if (error instanceof ChangeError) {
    process.stderr.write(`${errorText(error, { words: en, language: "en", color: false })}\n`);
    return;
  }
  const { message, hint } = wordsOf(error);
  process.stderr.write(`lasthop: ${printable(message)}\n`);
  if (hint !== null) process.stderr.write(`         ${printable(hint)}\n`);
}

/** What went wrong beside the work itself, which is done: what happened, and what to do next. */
export function tellWarning(message: string, hint: string): void {
  process.stderr.write(`lasthop: ${printable(message)}\n         ${printable(hint)}\n`);
}

function wordsOf(error: unknown): ErrorWords {
  if (error instanceof HuntError) return huntWords(error);
  if (error instanceof BundleError) {
    return { message: `${error.file}: ${en.bundleErrors[error.code]}: ${error.detail}`, hint: error.hint };
  }
  if (!(error instanceof Error)) return { message: String(error), hint: null };
  if ("hint" in error) return { message: error.message, hint: typeof error.hint === "string" ? error.hint : null };
  return {
    message: `${error.name}: ${error.message}`,
    hint: "This is a fault of Lasthop's own: nothing is said of the cluster.",
  };
}

function huntWords({ problem }: HuntError): ErrorWords {
  switch (problem.error) {
    case "no-place-to-send-from":
      return {
        message: "there is nowhere to try it from: of no pod and no node a network namespace could be read",
        hint: "Check --inventory, or name a place with --from.",
      };
    case "place-not-read":
      return { message: `nothing can be sent from ${problem.from}: ${problem.why}`, hint: "Choose another --from." };
    case "no-such-place":
      return { message: `there is no place "${problem.from}" to send from`, hint: thereAre(problem.near) };
    case "no-such-service":
      return { message: `there is no Service ${problem.name}`, hint: thereAre(problem.near) };
    case "no-such-pod":
      return { message: `there is no pod ${problem.name}`, hint: thereAre(problem.near) };
    case "no-such-port":
      return { message: `${problem.name}: no such port`, hint: thereAre(problem.near) };
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
        hint: thereAre(problem.near) ?? "Use the address that it resolves to.",
      };
  }
}

function thereAre(near: readonly string[]): string | null {
  return near.length === 0 ? null : `There are: ${near.join(", ")}`;
}
