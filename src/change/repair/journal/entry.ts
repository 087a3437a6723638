import { z } from "zod";

/** One change of one node, with what it takes to take it back. Read from a node, so nothing in it is believed unchecked. */
export const entrySchema = z.object({
  schema: z.literal("lasthop/journal/v1"),
  /** `20261123T073000Z-abc123-1`: sorts by time; the last number is the step of one `repair --apply`. */
  id: z.string().regex(/^\d{8}T\d{6}Z-[0-9a-f]{6}-\d{1,3}$/),
  node: z.string(),
  /** Tells the nodes of one file system apart, and before from after a reboot. */
  identity: z.object({ netns: z.string(), bootId: z.string() }),
  /** The pod's namespace that was changed, told as `identity.netns` is; absent for the node's own, and in older entries. */
  pod: z.string().optional(),
  at: z.string(),
  /** `applying`: interrupted between the first change and the last word. */
  status: z.enum(["applying", "applied", "failed", "undone"]),
  symptom: z.string(),
  repair: z.object({
    id: z.string(),
    kind: z.enum(["runtime", "persistent", "api"]),
    /** `host` or `pod:NAMESPACE/NAME`. */
    netns: z.string(),
    params: z.record(z.string(), z.string()),
  }),
  /** Images of the repair's kind; `after` is null until it was read back. */
  before: z.unknown(),
  after: z.unknown(),
  persist: z
    .object({
      path: z.string(),
      key: z.string(),
      value: z.string(),
      /** The file's text; null: there was none. */
      before: z.string().nullable(),
    })
    .nullable(),
  undoneAt: z.string().nullable(),
});

export type JournalEntry = z.infer<typeof entrySchema>;
export type NodeIdentity = JournalEntry["identity"];

/** Null when the text is no entry of this version. */
export function parseEntry(text: string): JournalEntry | null {
  try {
    const parsed = entrySchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** `20261123T073000Z-abc123`, common to all steps of one run. @param random six hexadecimal digits */
export function runId(now: Date, random: string): string {
  return `${now.toISOString().replace(/\.\d+/, "").replace(/[-:]/g, "")}-${random}`;
}

/** Within one second ids do not sort by time. */
export function byTime(a: JournalEntry, b: JournalEntry): number {
  const [left, right] = [`${a.at} ${a.id}`, `${b.at} ${b.id}`];
  return left < right ? -1 : left > right ? 1 : 0;
}

export function runOf(entry: Pick<JournalEntry, "id">): string {
  return entry.id.replace(/-\d+$/, "");
}
