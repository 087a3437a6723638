import { constants } from "node:fs";
import { type FileHandle, open, readdir, realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import { TransportError } from "../transport/carrier.ts";
import { isPart } from "./layout.ts";

export interface ReadFile {
  readonly bytes: Buffer;
  readonly truncated: boolean;
}

/** Null when there is no such file. @throws TransportError for a name that climbs out, or a link that leads out */
export async function readInside(root: string, parts: readonly string[], maxBytes: number): Promise<ReadFile | null> {
  if (!parts.every(isPart)) throw new TransportError(`not a file of a bundle: ${parts.join("/")}`);
  const path = join(root, ...parts);
  let file: FileHandle;
  try {
    if (!(await realpath(path)).startsWith(root + sep))
      throw new TransportError(`${parts.join("/")} leads out of the bundle`);
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  try {
    const found = await file.stat();
    if (!found.isFile()) throw new TransportError(`${parts.join("/")} is no regular file`);
    const bytes = Buffer.alloc(Math.min(found.size, maxBytes));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    return { bytes: bytes.subarray(0, bytesRead), truncated: found.size > maxBytes };
  } finally {
    await file.close();
  }
}

/** Those whose names may stand in a bundle, in order. */
export async function directoriesIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && isPart(entry.name))
    .map((entry) => entry.name)
    .sort();
}
