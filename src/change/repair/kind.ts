import { z } from "zod";
import { type Phrase, phrase } from "../../facts/phrase.ts";
import { ToldError } from "../../facts/told-error.ts";
import type { Edit } from "../../think/walk/edits/edit.ts";
import { ChangeError } from "../change-error.ts";

export interface ObjectRef {
  /** `Service`. */
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** RFC 6902; `test` makes a patch a compare-and-set. */
export type PatchOperation =
  | { readonly op: "test" | "add" | "replace"; readonly path: string; readonly value: unknown }
  | { readonly op: "remove"; readonly path: string };

/** Something to read: a command on the node, or an object of the API. */
export type Look = { readonly argv: readonly string[] } | { readonly object: ObjectRef };

/** Something to do. A `tolerated` command may fail: what counts is what is read back. */
export type Act =
  | { readonly argv: readonly string[]; readonly stdin?: string; readonly tolerated?: boolean }
  | { readonly object: ObjectRef; readonly patch: readonly PatchOperation[] };

/** What a look gave; an object's `stdout` is its JSON. */
export interface Answer {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Is the fact as the verdict has it, as it shall be, or something else (verbatim)? */
export type Judgement = "as-found" | "as-wanted" | { readonly other: Phrase };

export interface UndoView<I> {
  readonly before: I;
  /** What our change left. */
  readonly after: I;
  /** What the node had when this undo began. */
  readonly first: I;
  readonly present: I;
}

export interface KindSpec<P, I> {
  readonly id: string;
  readonly on: "node" | "api";
  /** Set where no safe live change exists: the plan says it, nobody does it. */
  byHand?(params: P): boolean;
  /** Set where the thing changed is a cache that the kernel fills by itself: there is nothing to take back. */
  readonly volatile?: true;
  readonly params: z.ZodType<P>;
  /** Everything that the change can move, as it is kept in the journal. */
  readonly image: z.ZodType<I>;
  fromEdit(edit: Edit): Record<string, string> | null;
  /** As people would type them; the change itself may be guarded. */
  commands(params: P): readonly (readonly string[])[];
  looks(params: P): readonly Look[];
  /** @throws ReadFailure when the answers do not hold the fact. */
  see(params: P, answers: readonly Answer[]): I;
  /** The part of an image that the journal needs, where the whole may be large. */
  keep?(params: P, image: I): I;
  /** What a verdict's `cause.object` calls the fact. */
  object(params: P): string;
  /** `found`: the verdict's words, null when absent, undefined when it has none; `before`: null until the change was made. */
  judge(params: P, image: I, found: string | null | undefined, before: I | null): Judgement;
  /** What the node loses by the change besides: the reason to refuse it. */
  losses?(params: P, image: I): readonly Phrase[];
  acts(params: P, image: I): readonly Act[];
  /** Parts of `present` that are neither what we left nor what was before: the reason to refuse an undo. */
  disturbed(params: P, view: UndoView<I>): readonly Phrase[];
  /** The next round of taking back; empty when there is no more to do. */
  undo(params: P, view: UndoView<I>): readonly Act[];
  /** What still differs from the before-image, except what others changed since. */
  remaining(params: P, view: UndoView<I>): readonly Phrase[];
}

/** The fact could not be read. */
export class ReadFailure extends ToldError {
  constructor(told: Phrase, options?: ErrorOptions) {
    super(told, null, options);
  }
}

/** A kind with its parameters checked; images are opaque, so that the journal may hold any. */
export interface BoundRepair {
  readonly id: string;
  readonly on: "node" | "api";
  readonly byHand: boolean;
  readonly volatile: boolean;
  readonly object: string;
  readonly commands: readonly (readonly string[])[];
  readonly looks: readonly Look[];
  see(answers: readonly Answer[]): unknown;
  keep(image: unknown): unknown;
  judge(image: unknown, found: string | null | undefined, before: unknown): Judgement;
  losses(image: unknown): readonly Phrase[];
  acts(image: unknown): readonly Act[];
  disturbed(view: UndoView<unknown>): readonly Phrase[];
  undo(view: UndoView<unknown>): readonly Act[];
  remaining(view: UndoView<unknown>): readonly Phrase[];
}

export interface RepairKind {
  readonly id: string;
  fromEdit(edit: Edit): Record<string, string> | null;
  /** @throws ChangeError bad-params */
  bind(params: Readonly<Record<string, string>>): BoundRepair;
}

export function defineKind<P, I>(spec: KindSpec<P, I>): RepairKind {
  const imageOf = (value: unknown): I => {
    const parsed = spec.image.safeParse(value);
    if (!parsed.success) throw new ChangeError("bad-params", null, `${spec.id}: ${z.prettifyError(parsed.error)}`);
    return parsed.data;
  };
  const viewOf = (view: UndoView<unknown>): UndoView<I> => ({
    before: imageOf(view.before),
    after: imageOf(view.after),
    first: imageOf(view.first),
    present: imageOf(view.present),
  });
  return {
    id: spec.id,
    fromEdit: (edit) => spec.fromEdit(edit),
    bind(raw) {
      const parsed = spec.params.safeParse(raw);
      if (!parsed.success) throw new ChangeError("bad-params", null, `${spec.id}: ${z.prettifyError(parsed.error)}`);
      const params = parsed.data;
      return {
        id: spec.id,
        on: spec.on,
        byHand: spec.byHand?.(params) ?? false,
        volatile: spec.volatile ?? false,
        object: spec.object(params),
        commands: spec.commands(params),
        looks: spec.looks(params),
        see: (answers) => spec.see(params, answers),
        keep: (image) => spec.keep?.(params, imageOf(image)) ?? image,
        judge: (image, found, before) =>
          spec.judge(params, imageOf(image), found, before === null ? null : imageOf(before)),
        losses: (image) => spec.losses?.(params, imageOf(image)) ?? [],
        acts: (image) => spec.acts(params, imageOf(image)),
        disturbed: (view) => spec.disturbed(params, viewOf(view)),
        undo: (view) => spec.undo(params, viewOf(view)),
        remaining: (view) => spec.remaining(params, viewOf(view)),
      };
    },
  };
}

/** The n-th answer's text. @throws ReadFailure when the command failed. */
export function said(answers: readonly Answer[], n = 0): string {
  const answer = answers[n];
  if (answer === undefined || answer.status !== 0) throw new ReadFailure(answer?.stderr.trim() || phrase("no-answer"));
  return answer.stdout;
}

/** Lines without the empty ones. */
export function linesOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}
