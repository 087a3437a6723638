import type { Phrase } from "../facts/phrase.ts";
import type { NotChecked } from "../facts/world.ts";
import type { ApiRepair } from "../think/intent/api-repair.ts";
import type { Edit } from "../think/walk/edits/edit.ts";
import type { Confidence, Evidence, Hop, LastHop, Outcome, VerdictCause } from "../verdict/verdict.ts";
import type { Event } from "./events.ts";
import type { Rung } from "./findings.ts";

/** A cause with what its words need. `id` is a key of the catalogue in `think/causes`. */
export interface FoundCause extends VerdictCause {
  /** Values for the cause's words, by name. */
  readonly params: Readonly<Record<string, string>>;
}

/** What a verdict rests on, before it is put into words. */
export interface Exhibit extends Omit<Evidence, "source" | "excerpt"> {
  readonly source: Phrase;
  readonly excerpt: Phrase;
}

/** How each voice spoke; `null` where it did not. Shown under the verdict. */
export interface Voices {
  readonly predict: { readonly disposition: string; readonly node: string; readonly detail: Phrase } | null;
  readonly ask: {
    readonly question: string;
    readonly answer: string;
    readonly agrees: boolean | null;
    readonly plainAlsoFine: boolean;
  } | null;
  readonly witness: {
    readonly seen: number;
    readonly of: number;
    readonly node: string;
    readonly at: string | null;
  } | null;
  /** The counterfactual: delivered both ways with only this changed. */
  readonly whatIf: { readonly object: string; readonly wanted: string | null; readonly delivers: boolean } | null;
  /** Voices that disagree: the reason why nothing was confirmed. */
  readonly dissent: readonly Phrase[];
}

/** A verdict before it is put into words. */
export interface Conclusion {
  readonly symptom: {
    readonly input: string;
    readonly kind: "url" | "service" | "pod" | "address" | "dns";
    /** Where a name without one was looked up. */
    readonly namespace: string;
    readonly from: Phrase;
    /** As `--from` named it; null: as the symptom's users would. */
    readonly place: string | null;
  };
  readonly outcome: Outcome;
  readonly confidence: Confidence | null;
  readonly cause: FoundCause | null;
  readonly otherCauses: readonly (FoundCause & { readonly confidence: Confidence })[];
  readonly lastHop: LastHop | null;
  readonly ladder: readonly Rung[];
  readonly branches: readonly {
    readonly to: string;
    readonly attempts: number;
    readonly answered: number;
    readonly predicted: string;
  }[];
  readonly path: readonly Hop[];
  readonly evidence: readonly Exhibit[];
  readonly affected: {
    readonly pods: readonly string[];
    readonly services: readonly string[];
    readonly node: string | null;
  };
  /** `proven`: it delivers, or it reverts the confirmed first of several causes, and the next one waits for it. */
  readonly repairs: readonly (
    | { readonly edit: Edit; readonly proven: boolean }
    | { readonly api: ApiRepair; readonly proven: boolean }
  )[];
  readonly recurrence: readonly {
    readonly by: Phrase;
    readonly when: Phrase;
    readonly file: string | null;
    readonly line: number | null;
  }[];
  readonly notChecked: readonly NotChecked[];
  readonly voices: Voices;
  readonly offline: boolean;
  /** What was done, and when. */
  readonly timeline: readonly Event[];
  /** Of what was done here; a recording is read at once. */
  readonly timings: Readonly<Record<string, number>> & { readonly totalMs: number };
}

/** What a hunt tells while it goes on. */
export type HuntEvent =
  | {
      readonly kind: "start";
      readonly from: Phrase;
      readonly via: Phrase;
      readonly nodes: number;
      readonly reached: number;
    }
  /** What is being waited for; overwritten by the next event. */
  | {
      readonly kind: "progress";
      readonly doing: "objects" | "facts" | "taps" | "tries" | "probes" | "knock" | "search";
      readonly detail: string;
    }
  | { readonly kind: "rung"; readonly rung: Rung }
  | { readonly kind: "concluded"; readonly conclusion: Conclusion };
