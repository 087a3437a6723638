import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import { z } from "zod";
import { phrase } from "../../facts/phrase.ts";
import type { NodeName } from "../../facts/provenance.ts";
import { TransportError } from "./carrier.ts";

/** How one machine is reached. `netns` is a name of /run/netns or a path. */
export interface Access {
  readonly netns: string | null;
  readonly address: string | null;
  readonly user: string | null;
  readonly port: number | null;
}

export interface Inventory {
  readonly file: string;
  readonly nodes: ReadonlyMap<NodeName, Access>;
  /** The vantage outside of the cluster. */
  readonly here: Access | null;
}

/** The node name of the vantage outside of the cluster. */
export const HERE: NodeName = "here";

const LIMIT_BYTES = 1 << 20;

const EXPECTED = phrase("inventory-expected");

const Word = z
  .string()
  .min(1)
  .refine((text) => !text.startsWith("-") && !/[\0-\x20]/.test(text), "no spaces, no leading dash");
const Entry = z
  .preprocess(
    (value) => (typeof value === "string" ? { netns: value } : value),
    z.object({
      netns: Word.optional(),
      address: Word.optional(),
      user: Word.optional(),
      port: z.int().min(1).max(65535).optional(),
    }),
  )
  .refine((entry) => entry.netns !== undefined || entry.address !== undefined, "a netns or an address is needed");
/** RFC 1123: what Kubernetes lets a node be called. */
const Name = z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i, "not a node name");
const Nested = z.object({ nodes: z.record(Name, Entry), here: Entry.optional() });
const Flat = z.record(Name, Entry);

export async function readInventory(file: string): Promise<Inventory> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw new TransportError(phrase("inventory-unread", { why: (error as Error).message }), {
      cause: error,
      hint: phrase("give-inventory-file"),
    });
  }
  return parseInventory(text, file);
}

/** YAML or JSON: `nodes: {k1: {netns: NAME}}`, or `k1: NAME` without more; `here` beside. @throws TransportError */
export function parseInventory(text: string, file: string): Inventory {
  if (text.length > LIMIT_BYTES) throw new TransportError(phrase("inventory-too-long", { file }));
  let document: unknown;
  try {
    document = parse(text, { maxAliasCount: 0 });
  } catch (error) {
    throw new TransportError(`${file}: ${(error as Error).message.split("\n")[0]}`, { cause: error, hint: EXPECTED });
  }
  const isNested = typeof document === "object" && document !== null && "nodes" in document;
  const result = isNested ? Nested.safeParse(document) : Flat.safeParse(document);
  if (!result.success) {
    const issue = result.error.issues[0];
    throw new TransportError(`${file}: ${issue?.path.join(".") || "document"}: ${issue?.message}`, { hint: EXPECTED });
  }
  const { nodes, here } = isNested
    ? (result.data as z.infer<typeof Nested>)
    : splitFlat(result.data as z.infer<typeof Flat>);
  if (Object.keys(nodes).length === 0)
    throw new TransportError(phrase("inventory-without-nodes", { file }), { hint: EXPECTED });
  return {
    file,
    nodes: new Map(Object.entries(nodes).map(([name, entry]) => [name, accessOf(entry)])),
    here: here === undefined ? null : accessOf(here),
  };
}

function splitFlat(flat: z.infer<typeof Flat>): { nodes: z.infer<typeof Flat>; here?: z.infer<typeof Entry> } {
  const { here, ...nodes } = flat;
  return here === undefined ? { nodes } : { nodes, here };
}

function accessOf({ netns, address, user, port }: z.infer<typeof Entry>): Access {
  return { netns: netns ?? null, address: address ?? null, user: user ?? null, port: port ?? null };
}
