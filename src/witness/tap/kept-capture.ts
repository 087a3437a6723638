import { createWriteStream, rmSync, type WriteStream } from "node:fs";
import { join } from "node:path";
import type { Place } from "./place.ts";

/** Keeps the raw captures of one tap: `NODE-NETNS.pcap`, or one a link and direction where the tap needs several. */
export class KeptCapture {
  private readonly dir: string;
  private readonly place: Place;
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
    const path = join(this.dir, `${name}.pcap`);
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
