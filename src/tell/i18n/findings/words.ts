import type { Findings } from "../../../hunt/findings.ts";

/** A sentence for every code of a finding. */
export type FindingWords = { readonly [K in keyof Findings]: (p: Findings[K]) => string };
