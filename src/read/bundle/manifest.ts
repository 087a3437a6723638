import { z } from "zod";
import { BundleError } from "./bundle-error.ts";
import { elements } from "./elements.ts";
import { partsOf } from "./layout.ts";
import { parseJson } from "./parse-json.ts";

/** What is written, and the latest that is understood. */
export const FORMAT = 1;
const SCHEMA = /^lasthop\/bundle\/v(\d{1,9})$/;

const text = z.string().max(4096);

/** One output of one command, or one list of objects, or one capture. */
const FileEntry = z.object({
  path: text.refine((path) => partsOf(path) !== null, "not a name of a bundle's file"),
  /** Null: Kubernetes' API. */
  node: text.nullable(),
  /** How its network namespace was entered on the node; null: the node's own. */
  netns: text.nullable(),
  argv: elements(z.string().max(65_536)).refine((words) => words.length <= 4096, "too long"),
  /** As the command exited; null when it did not, or never ran. */
  status: z.int().nullable(),
  /** Why there is no output. */
  failure: text.nullable(),
  /** The last line that it said on standard error. */
  stderr: text,
  truncated: z.boolean(),
  at: z.iso.datetime(),
  bytes: z.int().min(0),
  /** Null where the node had no tool for it. */
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable(),
  /** Of a capture that heard one link in one direction. */
  only: z.object({ link: text, direction: z.enum(["in", "out"]) }).optional(),
});

const ManifestShape = z.object({
  schema: z.string(),
  lasthop: text,
  by: z.enum(["snapshot", "script"]),
  at: z.iso.datetime(),
  files: elements(FileEntry),
});

export type FileEntry = z.infer<typeof FileEntry>;
export type Manifest = z.infer<typeof ManifestShape>;
export type ManifestHead = Pick<Manifest, "lasthop" | "by" | "at">;

export function schemaName(): string {
  return `lasthop/bundle/v${FORMAT}`;
}

/** @throws BundleError newer-format, bad-manifest, duplicate-file */
export function parseManifest(bytes: Uint8Array, bundle: string): Manifest {
  let value: unknown;
  try {
    value = parseJson(bytes);
  } catch (error) {
    throw new BundleError("bad-manifest", bundle, (error as Error).message.slice(0, 200), { cause: error });
  }
  const schema = z.object({ schema: z.string() }).safeParse(value).data?.schema ?? "";
  const version = Number(SCHEMA.exec(schema)?.[1] ?? Number.NaN);
  if (version > FORMAT) throw new BundleError("newer-format", bundle, schema);
  if (version !== FORMAT) throw new BundleError("bad-manifest", bundle, "schema");
  const parsed = ManifestShape.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new BundleError("bad-manifest", bundle, `${issue?.path.join(".")}: ${issue?.message}`.slice(0, 200));
  }
  const seen = new Set<string>();
  for (const { path } of parsed.data.files) {
    if (seen.has(path)) throw new BundleError("duplicate-file", bundle, path);
    seen.add(path);
  }
  return parsed.data;
}
