import { z } from "zod";

/** The whole answer, as `-o json` prints it: every key is always there. */

const text = z.string();
const nullableText = z.string().nullable();
const evidenceId = z.string().regex(/^e\d+$/);

export const causeSchema = z.object({
  /** The mechanism, from the catalogue; `unnamed` where the deciding fact is known and no cause has its name. */
  id: text,
  /** Null for API objects and the fabric. */
  node: nullableText,
  netns: nullableText,
  /** `net.ipv4.ip_forward`, `route PREFIX table T`, `rule BACKEND:TABLE/CHAIN#N`, `link NAME`, `neigh IP dev NAME`, `fdb MAC dev NAME`, `ipset NAME entry ENTRY`, `Service NS/NAME .spec.selector`. */
  object: text,
  /** Verbatim; null when absent. */
  found: nullableText,
  /** Null means remove; of what no single value would mend (a policy, a full queue, a node) null says nothing. */
  wanted: nullableText,
  culprit: nullableText,
});

export const confidenceSchema = z.enum(["confirmed", "likely", "suspected"]);
export const outcomeSchema = z.enum(["healthy", "broken", "unknown"]);
export const rungSchema = z.enum([
  "http",
  "dns",
  "service",
  "endpoints",
  "pods",
  "reach",
  "route",
  "capture",
  "kernel",
]);

export const hopSchema = z.object({
  node: text,
  netns: text,
  interface: text,
  direction: z.enum(["in", "out"]),
  leg: z.enum(["request", "reply"]),
  header: z.enum(["outer", "inner"]),
  predicted: z.boolean(),
  /** Null: no tap there, or it proved nothing. */
  witnessed: z.boolean().nullable(),
});

export const lastHopSchema = z.object({
  node: text,
  netns: text,
  /** Null when no tap saw the packet at all. */
  interface: nullableText,
  direction: z.enum(["in", "out"]).nullable(),
  leg: z.enum(["request", "reply"]),
  header: z.enum(["outer", "inner"]).nullable(),
  expectedNext: nullableText,
  disposition: text,
  /** What the kernel said of it: a drop reason or a counter that moved; null when it said nothing. */
  reason: nullableText,
});

export const rungReportSchema = z.object({
  rung: rungSchema,
  status: z.enum(["ok", "failed", "skipped", "unknown"]),
  finding: text,
  /** The same, line by line. */
  lines: z.array(text),
  evidence: z.array(evidenceId),
});

/** What each voice said, in words; null where it did not speak. */
export const voicesSchema = z.object({
  predict: nullableText,
  ask: nullableText,
  witness: nullableText,
  whatIf: nullableText,
  /** Why nothing is confirmed. */
  dissent: z.array(text),
});

export const happeningSchema = z.object({
  /** When it began: by the clock of the machine that diagnosed, or of the node that recorded. */
  at: text,
  /** How long it took; null for a moment. */
  ms: z.number().nullable(),
  event: text,
  text,
});

export const evidenceSchema = z.object({
  id: evidenceId,
  voice: z.enum(["predict", "ask", "witness", "api"]),
  node: nullableText,
  source: text,
  excerpt: text,
  at: text,
});

export const repairSchema = z.object({
  id: text,
  kind: z.enum(["runtime", "persistent", "api"]),
  node: nullableText,
  params: z.record(text, text),
  /** For reading only: `repair` derives them anew. */
  commands: z.array(z.array(text)),
  /** The walk with it applied delivers request and reply. */
  proven: z.boolean(),
});

export const verdictSchema = z.object({
  schema: z.literal("lasthop/verdict/v1"),
  lasthop: text,
  /** Of the words in it. */
  language: z.enum(["en", "zh"]),
  symptom: z.object({
    /** As it was typed. */
    input: text,
    kind: z.enum(["url", "service", "pod", "address", "dns"]),
    /** Where a name without one was looked up. */
    namespace: text,
    /** The places that it was tried from, for people. */
    from: text,
    /** As `--from` named it; null: as the symptom's users would. */
    place: nullableText,
  }),
  outcome: outcomeSchema,
  confidence: confidenceSchema.nullable(),
  summary: text,
  cause: causeSchema.nullable(),
  otherCauses: z.array(causeSchema.extend({ confidence: confidenceSchema })),
  lastHop: lastHopSchema.nullable(),
  voices: voicesSchema,
  ladder: z.array(rungReportSchema),
  branches: z.array(z.object({ to: text, attempts: z.number().int(), answered: z.number().int(), predicted: text })),
  path: z.array(hopSchema),
  evidence: z.array(evidenceSchema),
  affected: z.object({ pods: z.array(text), services: z.array(text) }),
  repairs: z.array(repairSchema),
  recurrence: z.array(z.object({ by: text, when: text, file: nullableText, line: z.number().int().nullable() })),
  notChecked: z.array(z.object({ what: text, why: text })),
  /** Of a recording: nothing was sent. */
  offline: z.boolean(),
  timeline: z.array(happeningSchema),
  timings: z.looseObject({ totalMs: z.number() }),
});

export type Verdict = z.infer<typeof verdictSchema>;
export type VerdictCause = z.infer<typeof causeSchema>;
export type Confidence = z.infer<typeof confidenceSchema>;
export type Outcome = z.infer<typeof outcomeSchema>;
export type RungName = z.infer<typeof rungSchema>;
export type LastHop = z.infer<typeof lastHopSchema>;
export type Hop = z.infer<typeof hopSchema>;
export type Evidence = z.infer<typeof evidenceSchema>;
export type Repair = z.infer<typeof repairSchema>;

/** A sysctl of a node's own network namespace: who sets it back is looked for in the node's files, and for nothing else. */
export function isNodeSysctl<C extends VerdictCause>(cause: C | null): cause is C & { node: string; wanted: string } {
  const isOfNode = cause !== null && cause.node !== null && cause.netns === "host";
  return isOfNode && cause.wanted !== null && cause.object.startsWith("net.");
}

/** Exit status of every command that ends in a verdict. */
export function exitStatusOf(verdict: Pick<Verdict, "outcome" | "confidence" | "cause">): 0 | 1 | 2 {
  if (verdict.outcome === "healthy") return 0;
  const hasCause = verdict.cause !== null && (verdict.confidence === "confirmed" || verdict.confidence === "likely");
  return verdict.outcome === "broken" && hasCause ? 1 : 2;
}
