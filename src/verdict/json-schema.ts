import { z } from "zod";
import { verdictSchema } from "./verdict.ts";

/** For other programs (JSON Schema 2020-12), as `docs/verdict.schema.json` publishes it. Keys that a later version adds are no fault. */
export function verdictJsonSchema(): Readonly<Record<string, unknown>> {
  return { title: "lasthop/verdict/v1", ...z.toJSONSchema(verdictSchema, { io: "input" }) };
}
