import type { Phrase } from "../../facts/phrase.ts";
import type { Words } from "../i18n/en.ts";
import { phraseText } from "../i18n/phrases.ts";
import type { ErrorLike, Warned } from "./repair-text.ts";

interface Identified {
  readonly id: string;
}

/** What `repair` would do; `losses`: what goes with it for good; `refused` tells why it does not, and is null when nothing speaks against it. */
export function planJson(
  steps: readonly { readonly repair: object; readonly netns: string }[],
  losses: readonly Phrase[],
  warnings: readonly Warned[],
  refused: ErrorLike | null,
  words: Words,
): unknown {
  return {
    plan: steps.map(({ repair, netns }) => ({ ...repair, netns })),
    losses: losses.map((loss) => phraseText(loss, words)),
    warnings,
    refused: errorJson(refused, words),
  };
}

/** A repair that was stopped after it had begun: the entries of the journal that are in force, and the one that is half done. */
export function stoppedJson(
  applied: {
    readonly steps: readonly { readonly entry: Identified | null }[];
    readonly unfinished: Identified | null;
    readonly error: ErrorLike | null;
  },
  words: Words,
): unknown {
  return {
    applied: applied.steps.flatMap(({ entry }) => entry?.id ?? []),
    unfinished: applied.unfinished?.id ?? null,
    error: errorJson(applied.error, words),
  };
}

/** What `undo` would take back. */
export function undoPlanJson(
  entries: readonly (Identified & { readonly node: string; readonly repair: object })[],
  error: ErrorLike | null,
  words: Words,
): unknown {
  return { plan: entries.map(({ id, node, repair }) => ({ id, node, repair })), error: errorJson(error, words) };
}

/** What `undo --apply` took back, and what stopped it. */
export function undoneJson(
  done: readonly { readonly entry: Identified }[],
  error: ErrorLike | null,
  words: Words,
): unknown {
  return { undone: done.map(({ entry }) => entry.id), error: errorJson(error, words) };
}

function errorJson(error: ErrorLike | null, words: Words): unknown {
  if (error === null) return null;
  const { code, node, detail } = error;
  return { code, node, detail: phraseText(detail, words) };
}
