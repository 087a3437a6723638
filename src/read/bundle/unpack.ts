import { createReadStream, mkdirSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract, type Header } from "tar-stream";
import { BundleError, openError, writeError } from "./bundle-error.ts";
import { BUNDLE_LIMITS, type BundleLimits, mostBytes, partsOf } from "./layout.ts";

/** An entry's content as it comes. */
type Content = AsyncIterable<Uint8Array> & { resume(): unknown };

/**
 * Unpacks a bundle's archive into an empty directory: regular files with the names of a bundle, each once, none larger than it may
 * be, and all within the limits. Everything else is refused as soon as it is met. @throws BundleError
 */
export async function unpack(
  file: string,
  directory: string,
  signal: AbortSignal | null = null,
  limits: BundleLimits = BUNDLE_LIMITS,
): Promise<void> {
  const made = new Set<string>();
  let entries = 0;
  const take = async (header: Header, content: Content): Promise<void> => {
    entries += 1;
    if (entries > limits.files) throw new BundleError("too-many-files", file, `> ${limits.files}`);
    const name = header.name.replace(/^\.\//, "").replace(/\/$/, "");
    if (header.type === "directory") return void content.resume();
    if (header.type !== "file") throw new BundleError("bad-entry", file, `${shown(header.name)}: ${header.type}`);
    const parts = partsOf(name);
    if (parts === null) throw new BundleError("bad-name", file, shown(header.name));
    const most = mostBytes(name, limits);
    if (header.size > most) throw new BundleError("too-large", file, `${name}: ${header.size} > ${most}`);
    const folder = parts.slice(0, -1).join("/");
    if (!made.has(folder)) mkdirSync(join(directory, folder), { recursive: true, mode: 0o700 });
    made.add(folder);
    await writeNew(join(directory, name), content);
  };
  const tar = extract();
  tar.on("entry", (header, content, next) => {
    // It breaks with the archive, which tells why.
    content.on("error", () => {});
    take(header, content as unknown as Content).then(
      () => next(),
      (error) => next(error),
    );
  });
  try {
    const flow = [createReadStream(file), createGunzip(), meter(file, limits.totalBytes), tar] as const;
    await pipeline(flow[0], flow[1], flow[2], flow[3] as unknown as NodeJS.WritableStream, {
      ...(signal === null ? {} : { signal }),
    });
  } catch (error) {
    throw signal?.aborted ? error : toldOf(file, directory, error);
  }
  if (entries === 0) throw new BundleError("not-a-bundle", file, "0 files");
}

const SMALL_BYTES = 1 << 20;

/** Small files in one go: a bundle has thousands of them. */
async function writeNew(path: string, content: Content): Promise<void> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  let handle: Awaited<ReturnType<typeof open>> | null = null;
  try {
    for await (const chunk of content) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes <= SMALL_BYTES) continue;
      handle ??= await open(path, "wx", 0o600);
      await handle.writev(chunks.splice(0));
    }
    if (handle === null) writeFileSync(path, Buffer.concat(chunks), { flag: "wx", mode: 0o600 });
    else if (chunks.length > 0) await handle.writev(chunks);
  } finally {
    await handle?.close();
  }
}

/** Passes bytes on, so many and no more: a few kilobytes of gzip may hold gigabytes. */
function meter(file: string, most: number): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      bytes += chunk.length;
      if (bytes > most) done(new BundleError("too-large", file, `> ${most}`));
      else done(null, chunk);
    },
  });
}

function toldOf(file: string, directory: string, error: unknown): unknown {
  if (error instanceof BundleError || !(error instanceof Error)) return error;
  const { code = "", path } = error as NodeJS.ErrnoException;
  const told = { cause: error };
  if (code === "EEXIST") return new BundleError("duplicate-file", file, (path ?? "").slice(directory.length + 1), told);
  if (code === "ENOTDIR" || code === "EISDIR") return new BundleError("bad-entry", file, error.message, told);
  if (code === "Z_DATA_ERROR" && /incorrect header/.test(error.message)) {
    return new BundleError("not-a-bundle", file, error.message, told);
  }
  if (path === file) return openError(file, error);
  // zlib's and tar-stream's own: cut short, a header that is none, sizes that are no numbers.
  if (code.startsWith("Z_") || code === "" || code.startsWith("ERR_"))
    return new BundleError("damaged", file, error.message, told);
  return writeError(file, error);
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 200));
}
