import type { Endpoint } from "../facts/cluster.ts";
import type { Target } from "../think/symptom/target.ts";
import type { Examination, Examined } from "./examination.ts";
import type { Place } from "./place.ts";

/** A target tried from some places: as the symptom does it, each endpoint directly, and each endpoint at home. */
export interface Investigation {
  readonly target: Target;
  readonly places: readonly Place[];
  readonly endpoints: readonly Endpoint[];
  /** With what the places sent by themselves, where that was listened to. */
  readonly symptom: readonly Examined[];
  readonly direct: readonly Examined[];
  readonly home: readonly Examined[];
  readonly examination: Examination;
}
