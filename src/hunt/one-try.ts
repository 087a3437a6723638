import { type Phrase, phrase } from "../facts/phrase.ts";
import type { Answer } from "../witness/probe/probe.ts";

/** One try of a symptom, as evidence tells it. */
export function oneTry({ n, httpStatus, outcome, ms, detail }: Answer): Phrase {
  const how = httpStatus === null ? outcome : String(httpStatus);
  return phrase("one-try", { n, how, ms: ms === null ? null : Math.round(ms), detail });
}
