import type { Sighting } from "../sighting.ts";

/** One place where an attempt was seen. */
export interface TrailPoint {
  /** The first one here, in file order. */
  readonly sighting: Sighting;
  /** More than one: it was sent again. */
  readonly count: number;
  /** Index in the expected path; null: seen where nobody expected it. */
  readonly expectedAt: number | null;
}
