import type { World } from "../../../facts/world.ts";
import type { Branch, Step } from "../branch.ts";
import type { Read } from "../reads.ts";
import type { Edit } from "./edit.ts";

/** The walk that fails, and where among its questions one of them stands. */
export interface Context {
  /** The leg that ends badly. */
  readonly branch: Branch;
  /** The request's, and the reply's where that is the leg. */
  readonly steps: readonly Step[];
  /** The question is among those that decided the end. */
  readonly decided: boolean;
}

export interface Proposal<E extends Edit = Edit> {
  readonly edit: E;
  /** `cure` reverts what departs from how the node ought to be; `bypass` lets packets pass in spite of it. */
  readonly kind: "cure" | "bypass";
  /** Share of the comparable peers that differ from the present value: 0 as all others, 1 like none; 0.5 without peers. */
  readonly departure: number;
}

/** What one kind of edit means. All pure. */
export interface EditMeaning<E extends Edit> {
  /** Of one such edit; a bypass costs one more. */
  readonly cost: number;
  /** Whether the answer to this question may differ after the edit. Errs towards true. */
  touches(edit: E, read: Read): boolean;
  /** Shares every table that it does not change; the same world when there is nothing to change. */
  apply(world: World, edit: E): World;
  /** The corrections that could change the answer to this question; none where the fact is unknown. */
  propose(world: World, read: Read, context: Context): readonly Proposal<E>[];
  /** As in a verdict: `net.ipv4.ip_forward`, `route 10.42.1.0/24 table main`. */
  object(edit: E): string;
  /** The present value verbatim; null when it is absent or unknown. */
  found(world: World, edit: E): string | null;
  /** Null means: remove it. */
  wanted(edit: E): string | null;
}
