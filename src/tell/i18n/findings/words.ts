import type { Findings } from "../../../hunt/findings.ts";
import type { PhraseWords } from "../phrases.ts";

/** A sentence for every code of a finding. */
export type FindingWords = PhraseWords<Findings>;
