import { closeSync, createWriteStream, openSync, rmSync, type WriteStream } from "node:fs";
import { join } from "node:path";
import type { Place } from "./place.ts";

/**
 * Keeps the raw captures of one tap: `NODE-NETNS.pcap`, or one a link and direction where the tap needs several. A file that is
 * there is another tap's, or an earlier run's: then it is `NODE-NETNS-2.pcap`, and so on.
 */
export class KeptCapture {
  private readonly dir: string;
  private readonly place: Place;
  private readonly paths = new Map<string, string>();
  private streams = new Map<string, WriteStream>();
  /** Files that could not be written, and why. */
  readonly lost = new Map<string, string>();

  constructor(dir: string, place: Place) {
    this.dir = dir;
    this.place = place;
  }

  /** Begins the file anew: a tap that is tried again has written a header before it failed. */
  writer(only: { readonly link: string; readonly direction: string } | null): (chunk: Uint8Array) => void {
    const suffix = only === null ? "" : `-${only.link}-${only.direction}`;
    const name = `${this.place.netns}${suffix}`.replaceAll(/[^A-Za-z0-9._-]+/g, "-");
    const path = this.pathFor(name);
    this.streams.get(path)?.destroy();
    const stream = createWriteStream(path);
    // A full disk costs the file, not the diagnosis: half a capture would tell of packets that never came.
    stream.on("error", (error) => {
      this.lost.set(path, error.message);
      this.streams.delete(path);
      rmSync(path, { force: true });
    });
    this.streams.set(path, stream);
    return (chunk) => void stream.write(chunk);
  }

  private pathFor(name: string): string {
    const path = this.paths.get(name) ?? unusedPath(join(this.dir, name));
    this.paths.set(name, path);
    return path;
  }

  /** Drops what was written so far. */
  discard(): void {
    for (const [path, stream] of this.streams) {
      stream.destroy();
      rmSync(path, { force: true });
    }
    this.streams = new Map();
  }

  async close(): Promise<readonly string[]> {
    const paths = [...this.streams];
    await Promise.all(paths.map(([, stream]) => new Promise<void>((resolve) => stream.end(() => resolve()))));
    return paths.map(([path]) => path).filter((path) => !this.lost.has(path));
  }
}

/** Taken at once, so that nobody else takes it. What cannot be made at all, who writes to it will tell. */
function unusedPath(stem: string): string {
  for (let n = 1; ; n += 1) {
    const path = `${stem}${n === 1 ? "" : `-${n}`}.pcap`;
    try {
      closeSync(openSync(path, "wx"));
      return path;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") return path;
    }
  }
}
