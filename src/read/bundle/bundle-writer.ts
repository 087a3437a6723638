import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, openSync, rmSync } from "node:fs";
import { rename, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { pack } from "tar-stream";
import type { Phrase } from "../../facts/phrase.ts";
import { BundleError, writeError } from "./bundle-error.ts";
import { BUNDLE_LIMITS, MANIFEST } from "./layout.ts";
import { type FileEntry, type ManifestHead, schemaName } from "./manifest.ts";

/** What the writer finds out by itself is left out. */
export type NewEntry = Omit<FileEntry, "bytes" | "sha256" | "failure"> & { readonly failure: Phrase | null };

/**
 * Writes a bundle's archive, a file at a time, under another name until it is whole. What is added is compressed and written as it
 * comes; only the manifest's lines are kept, which stands at the end of the archive. What is added again is left out: a bundle tells
 * how things were before anything was tried.
 */
export class BundleWriter {
  readonly #file: string;
  readonly #partial: string;
  readonly #head: ManifestHead;
  readonly #say: (failure: Phrase) => string;
  readonly #tar = pack();
  /** Null when all was written. */
  readonly #flow: Promise<unknown>;
  readonly #entries: FileEntry[] = [];
  readonly #paths = new Set<string>();
  readonly #forget = (): void => rmSync(this.#partial, { force: true });
  #turn: Promise<unknown> = Promise.resolve();
  #bytes = 0;

  /**
   * @param say how a failure is written down, which is quoted when the bundle is read
   * @throws BundleError unwritable, disk-full
   */
  constructor(file: string, head: ManifestHead, say: (failure: Phrase) => string) {
    this.#say = say;
    this.#file = file;
    this.#partial = `${file}.${process.pid}.part`;
    this.#head = head;
    const sink = createWriteStream(this.#partial, { fd: openNew(this.#partial, file) });
    this.#flow = pipeline(this.#tar as unknown as NodeJS.ReadableStream, createGzip(), sink).then(
      () => null,
      (error) => writeError(file, error),
    );
    // Whoever interrupts twice does not wait for `abandon`.
    process.once("exit", this.#forget);
  }

  get files(): number {
    return this.#entries.length;
  }

  /** @throws BundleError disk-full, unwritable, too-large, too-many-files */
  add(entry: NewEntry, content: Uint8Array): Promise<void> {
    return this.#inTurn(entry, content.length, () => Readable.from([content]));
  }

  /** The same of a file on this machine, which may be larger than memory. */
  async addFile(entry: NewEntry, path: string): Promise<void> {
    const { size } = await stat(path);
    return this.#inTurn(entry, size, () =>
      size === 0 ? Readable.from([]) : createReadStream(path, { end: size - 1 }),
    );
  }

  /** Writes the manifest and gives the file its name. @returns its length in bytes */
  async finish(): Promise<number> {
    await this.#turn;
    const lines = this.#entries.map((entry) => JSON.stringify(entry)).join(",\n");
    const { lasthop, by, at } = this.#head;
    const head = JSON.stringify({ schema: schemaName(), lasthop, by, at });
    const manifest = Buffer.from(`${head.slice(0, -1)},"files":[\n${lines}\n]}\n`);
    if (manifest.length > BUNDLE_LIMITS.manifestBytes) throw new BundleError("too-many-files", this.#file, MANIFEST);
    await this.#put({ name: MANIFEST, mtime: new Date(at) }, manifest.length, () => Readable.from([manifest]));
    this.#tar.finalize();
    const failure = await this.#flow;
    if (failure !== null) throw failure;
    const { size } = await stat(this.#partial);
    await rename(this.#partial, this.#file).catch((error) => {
      throw writeError(this.#file, error);
    });
    process.off("exit", this.#forget);
    return size;
  }

  /** Leaves nothing behind. After `finish` it does nothing. */
  async abandon(): Promise<void> {
    this.#tar.destroy();
    await this.#flow;
    this.#forget();
    process.off("exit", this.#forget);
  }

  #inTurn(entry: NewEntry, bytes: number, open: () => Readable): Promise<void> {
    if (this.#paths.has(entry.path)) return this.#turn.then(() => {});
    this.#paths.add(entry.path);
    const done = this.#turn.then(async () => {
      this.#bytes += bytes;
      if (this.#entries.length >= BUNDLE_LIMITS.files - 1) {
        throw new BundleError("too-many-files", this.#file, `> ${BUNDLE_LIMITS.files}`);
      }
      if (this.#bytes > BUNDLE_LIMITS.totalBytes) {
        throw new BundleError("too-large", this.#file, `> ${BUNDLE_LIMITS.totalBytes}`);
      }
      const sha256 = await this.#put({ name: entry.path, mtime: new Date(entry.at) }, bytes, open);
      const failure = entry.failure === null ? null : this.#say(entry.failure);
      this.#entries.push({ ...entry, failure, bytes, sha256 });
    });
    this.#turn = done.catch(() => {});
    return done;
  }

  async #put(header: { name: string; mtime: Date }, size: number, open: () => Readable): Promise<string> {
    const hash = createHash("sha256");
    try {
      await new Promise<void>((resolve, reject) => {
        const sink = this.#tar.entry({ ...header, size, mode: 0o600 }, (error) => (error ? reject(error) : resolve()));
        // It breaks with the archive.
        sink.on("error", reject);
        const write = async (): Promise<void> => {
          for await (const chunk of open() as AsyncIterable<Uint8Array>) {
            hash.update(chunk);
            if (!sink.write(chunk)) await drained(sink);
          }
          sink.end(null);
        };
        write().catch(reject);
      });
    } catch (error) {
      // What broke the stream says more than that it is broken.
      this.#tar.destroy();
      throw (await this.#flow) ?? error;
    }
    return hash.digest("hex");
  }
}

function openNew(path: string, file: string): number {
  try {
    return openSync(path, "wx", 0o600);
  } catch (error) {
    throw writeError(file, error);
  }
}

/** Ends as well where the stream is broken: its entry's own callback tells that. */
function drained(sink: ReturnType<ReturnType<typeof pack>["entry"]>): Promise<void> {
  return new Promise((resolve) => {
    sink.once("drain", () => resolve());
    sink.once("close", () => resolve());
  });
}
