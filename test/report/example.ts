import { type Verdict, verdictSchema } from "../../src/verdict/verdict.ts";
import { fencedBlocks, readDocument } from "../docs/documents.ts";

/** The verdict that the documents show. */
export function exampleVerdict(): Verdict {
  const [json = ""] = fencedBlocks(readDocument("docs/verdict.md"), "json");
  return verdictSchema.parse(JSON.parse(json));
}
