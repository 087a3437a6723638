import type { Endpoint } from "../facts/cluster.ts";
import type { Target } from "../think/symptom/target.ts";
import type { Examination, Examined } from "./examination.ts";
import type { Place } from "./place.ts";

/** A target tried from some places: as the symptom does it, each endpoint directly, and each endpoint at home. */
export interface Investigation {
  readonly target: Target;
  readonly places: readonly Place[];
  readonly endpoints: readonly Endpoint[];
  readonly symptom: readonly Examined[];
  /** The same, as the places did it by themselves; empty where that was not listened to. */
  readonly adopted: readonly Examined[];
  readonly direct: readonly Examined[];
  readonly home: readonly Examined[];
  readonly examination: Examination;
}
