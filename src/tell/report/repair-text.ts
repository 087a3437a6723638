import { shWord } from "../../facts/sh-word.ts";
import pc from "picocolors";
import type { Phrase } from "../../facts/phrase.ts";
import type { Verdict } from "../../verdict/verdict.ts";
import { padTo } from "../columns.ts";
import { phraseText } from "../i18n/phrases.ts";
import { printable } from "./finding-text.ts";
import { whatNullMeans } from "./cause-values.ts";
import type { Style } from "./terminal.ts";

/** Shapes that these texts need of plans, journals and their outcomes. */
interface RepairLike {
  readonly id: string;
  readonly node: string | null;
  readonly commands: readonly (readonly string[])[];
  readonly proven: boolean;
}
interface PlanLike {
  readonly symptom: string;
  readonly steps: readonly {
    readonly repair: RepairLike;
    readonly netns: string;
    readonly found: string | null | undefined;
    readonly bound: { readonly object: string };
  }[];
  readonly byHand: readonly { readonly repair: RepairLike; readonly netns: string }[];
}
interface EntryLike {
  readonly id: string;
  readonly node: string;
  readonly at: string;
  readonly symptom: string;
  readonly repair: { readonly id: string; readonly netns: string; readonly params: Readonly<Record<string, string>> };
}
export interface ErrorLike {
  readonly code: string;
  readonly node: string | null;
  readonly detail: Phrase;
}

/** A line of a sysctl file that sets another value than the repair at the next reload. */
export interface Warned {
  readonly node: string;
  readonly key: string;
  readonly file: string;
  readonly line: number;
  readonly value: string;
  readonly by: string;
  readonly wins: boolean;
}

/** What a step would meet: the fact as the diagnosis found it, as it shall be, or something else verbatim. */
export interface Met {
  readonly now: "as-found" | "as-wanted" | { readonly other: Phrase } | null;
  /** What the node would lose by it besides. */
  readonly losses: readonly Phrase[];
  readonly error: { readonly detail: Phrase } | null;
}

/** `met`: what each step would meet now; empty where that was not looked at. */
export function planText(
  plan: PlanLike,
  met: readonly Met[],
  warned: readonly Warned[],
  style: Style & { readonly isApplied: boolean; readonly isOffline: boolean; readonly summary: string },
): string {
  const { bold, dim, yellow } = pc.createColors(style.color);
  const say = style.words.repair;
  const lines = [printable(style.summary), ""];
  for (const [i, { repair, netns, found, bound }] of plan.steps.entries()) {
    const where = placeText(repair.node, netns, say.api);
    const now = presentText(met[i], found, style.words);
    lines.push(`${bold(where)}  ${printable(bound.object)}${dim(printable(now))}`);
    for (const argv of repair.commands) lines.push(`    ${printable(commandText(argv))}`);
    for (const loss of met[i]?.losses ?? [])
      lines.push(yellow(printable(say.losses({ node: where, what: phraseText(loss, style.words) }))));
  }
  for (const { repair, netns } of plan.byHand) {
    lines.push(`${bold(placeText(repair.node, netns, say.api))}  ${yellow(say.byHand)}`);
    for (const argv of repair.commands) lines.push(`    ${printable(commandText(argv))}`);
  }
  for (const w of warned.filter((w) => w.wins)) {
    lines.push(
      yellow(
        printable(say.willLose({ node: w.node, file: w.file, line: w.line, key: w.key, value: w.value, by: w.by })),
      ),
    );
  }
  if (!style.isApplied && plan.steps.length > 0)
    lines.push("", dim(style.isOffline ? style.words.next.offline : say.nothingChanged));
  return lines.join("\n");
}

/** What is repaired: the verdict's own words, where it was told in the language that is spoken. */
export function headlineText(verdict: Verdict, { words, language }: Pick<Style, "words" | "language">): string {
  const { cause } = verdict;
  if (verdict.language === language) return verdict.summary;
  if (cause === null) return words.outcome[verdict.outcome];
  const place = cause.node === null ? null : placeText(cause.node, cause.netns ?? "host", words.repair.api);
  return words.repair.cause({ ...cause, ...whatNullMeans(cause), place });
}

function presentText(met: Met | undefined, found: string | null | undefined, words: Style["words"]): string {
  const say = words.repair;
  if (met === undefined) return "";
  if (met.error !== null) return say.unreadable({ why: phraseText(met.error.detail, words) });
  if (met.now === "as-wanted") return say.asWanted;
  if (met.now !== null && typeof met.now === "object") return say.now({ found: phraseText(met.now.other, words) });
  return found === undefined ? "" : found === null ? say.absentNow : say.now({ found });
}

export function appliedText(
  applied: {
    readonly steps: readonly {
      readonly step: {
        readonly repair: RepairLike;
        readonly netns: string;
        readonly bound: { readonly object: string };
      };
      readonly entry: { readonly id: string } | null;
      readonly result: string;
      readonly persisted: string | null;
    }[];
  },
  style: Style,
): string {
  const { green } = pc.createColors(style.color);
  const say = style.words.repair;
  return applied.steps
    .flatMap(({ step, entry, result, persisted }) => [
      `${green("✓")} ${placeText(step.repair.node, step.netns, say.api)}  ${printable(step.bound.object)}  ${result === "already" ? say.already : say.done({ id: entry?.id ?? "" })}`,
      ...(persisted === null ? [] : [`  ${say.persisted({ file: printable(persisted) })}`]),
    ])
    .concat([""])
    .join("\n");
}

/** Why a plan was stopped, and the step that was stopped half way: what it changed may be in force. */
export function stoppedText(
  error: ErrorLike,
  unfinished: { readonly id: string } | null,
  style: Pick<Style, "words">,
): string {
  const stopped = errorText(error, style);
  return unfinished === null ? stopped : `${stopped}\n         ${style.words.repair.unfinished({ id: unfinished.id })}`;
}

export function undoPlanText(
  plan: { readonly entries: readonly EntryLike[]; readonly takesBack: readonly (readonly (readonly string[])[])[] },
  style: Style & { readonly isApplied: boolean },
): string {
  const { bold, dim } = pc.createColors(style.color);
  const say = style.words.repair;
  const lines = plan.entries.flatMap((entry, i) => [
    `${bold(printable(entry.id))}  ${placeText(entry.node, entry.repair.netns, say.api)}  ${printable(entry.at)}`,
    ...(plan.takesBack[i] ?? []).map((argv) => `    ${say.takesBack} ${printable(commandText(argv))}`),
  ]);
  if (!style.isApplied) lines.push("", dim(say.nothingUndone));
  return lines.join("\n");
}

export function undoneText(
  undone: { readonly done: readonly { readonly entry: EntryLike; readonly runtime: string; readonly file: string }[] },
  style: Style,
): string {
  const { green } = pc.createColors(style.color);
  const say = style.words.repair;
  return undone.done
    .map(({ entry, runtime, file }) => `${green("✓")} ${printable(entry.id)}  ${say.undone({ runtime, file })}`)
    .join("\n");
}

export function repairsText(
  listing: {
    readonly repairs: readonly {
      readonly entry: EntryLike;
      readonly state: keyof Style["words"]["repair"]["states"];
    }[];
    readonly problems: readonly { readonly node: string; readonly why: Phrase }[];
  },
  style: Style,
): string {
  const { yellow } = pc.createColors(style.color);
  const say = style.words.repair;
  const rows = listing.repairs.map(({ entry, state }) => {
    const params = Object.entries(entry.repair.params)
      .map(([key, value]) => `${key}=${value}`)
      .join(" ");
    return printable(
      `${entry.id}  ${padTo(say.states[state], 11)}  ${placeText(entry.node, entry.repair.netns, say.api)}  ${entry.repair.id} ${params}`.slice(
        0,
        200,
      ),
    );
  });
  const problems = listing.problems.map(({ node, why }) =>
    yellow(printable(style.words.notChecked({ what: node, why: phraseText(why, style.words) }))),
  );
  return rows.length + problems.length === 0 ? say.noRepairs : [...rows, ...problems].join("\n");
}

export function errorText({ code, node, detail }: ErrorLike, { words }: Pick<Style, "words">): string {
  const errors: Readonly<Record<string, string | undefined>> = words.changeErrors;
  const hints: Readonly<Record<string, string | undefined>> = words.changeHints;
  const parts = [...(node === null ? [] : [node]), errors[code] ?? code, phraseText(detail, words)];
  return problemText(words.inOneLine(parts), hints[code] ?? null);
}

/** Every command's way to say that it could not do its work: what happened, and what to do next. */
export function problemText(what: string, hint: string | null): string {
  return `lasthop: ${printable(what)}${hint === null ? "" : `\n         ${printable(hint)}`}`;
}

function placeText(node: string | null, netns: string, api: string): string {
  if (node === null) return api;
  return printable(netns === "host" ? node : `${node} ${netns}`);
}

/** As one would type it; for reading only. */
export function commandText(argv: readonly string[]): string {
  return argv.map(shWord).join(" ");
}
