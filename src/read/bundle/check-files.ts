import { createHash } from "node:crypto";
import { createReadStream, lstatSync } from "node:fs";
import { join } from "node:path";
import { BundleError } from "./bundle-error.ts";
import type { FileEntry } from "./manifest.ts";

/** Each file of a manifest is there, as long as it was, and the same. @throws BundleError missing-file, bad-entry, bad-checksum */
export async function checkFiles(root: string, files: readonly FileEntry[], bundle: string): Promise<void> {
  for (const { path, bytes, sha256 } of files) {
    const full = join(root, path);
    const found = lstatSync(full, { throwIfNoEntry: false });
    if (found === undefined) throw new BundleError("missing-file", bundle, path);
    if (!found.isFile()) throw new BundleError("bad-entry", bundle, path);
    if (found.size !== bytes) throw new BundleError("bad-checksum", bundle, `${path}: ${found.size} != ${bytes} bytes`);
    if (sha256 !== null && (await sha256Of(full)) !== sha256) throw new BundleError("bad-checksum", bundle, path);
  }
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest("hex");
}
