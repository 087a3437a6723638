import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { type Header, pack } from "tar-stream";

/** One entry of an archive, whatever it pretends to be. */
export type Crafted = readonly [header: Partial<Header> & { name: string }, content?: string | Uint8Array];

const AT = "2026-01-01T00:00:00.000Z";

/** Writes an archive of these entries in this order; entries may be made as they are asked for. */
export async function craftArchive(file: string, entries: Iterable<Crafted>): Promise<string> {
  const tar = pack();
  const flow = pipeline(tar as unknown as NodeJS.ReadableStream, createGzip({ level: 1 }), createWriteStream(file));
  for (const [header, content = ""] of entries) {
    const isFile = header.type === undefined || header.type === "file";
    await new Promise<void>((resolve, reject) => {
      const done = (error?: Error | null): void => (error ? reject(error) : resolve());
      if (isFile) tar.entry({ mtime: new Date(AT), ...header }, Buffer.from(content as string), done);
      else tar.entry({ mtime: new Date(AT), size: 0, ...header }, done);
    });
  }
  tar.finalize();
  await flow;
  return file;
}

/** A manifest of these files, right in every way. `alter` makes it wrong. */
export function manifestOf(
  files: Readonly<Record<string, string>>,
  alter: (manifest: Record<string, unknown>) => unknown = (manifest) => manifest,
): Crafted {
  const entries = Object.entries(files).map(([path, content]) => ({
    path,
    node: path.startsWith("api/") ? null : (path.split("/")[0] ?? null),
    netns: null,
    argv: ["cat", path],
    status: 0,
    failure: null,
    stderr: "",
    truncated: false,
    at: AT,
    bytes: Buffer.byteLength(content),
    sha256: createHash("sha256").update(content).digest("hex"),
  }));
  const manifest = { schema: "lasthop/bundle/v1", lasthop: "0.1.0", by: "snapshot", at: AT, files: entries };
  return [{ name: "manifest.json" }, JSON.stringify(alter(manifest))];
}

/** A bundle of these files, as `lasthop snapshot` would have written it. */
export function craftBundle(
  file: string,
  files: Readonly<Record<string, string>>,
  alter?: (manifest: Record<string, unknown>) => unknown,
): Promise<string> {
  const entries = Object.entries(files).map(([name, content]): Crafted => [{ name }, content]);
  return craftArchive(file, [...entries, manifestOf(files, alter)]);
}
