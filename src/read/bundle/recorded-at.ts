import { readInside } from "./files-of-bundle.ts";
import type { Capture } from "./replay.ts";

/** The file's header, and the time of its first packet (pcap-savefile(5)). */
const BYTES = 24 + 8;
const MICROSECONDS = 0xa1b2c3d4;
const NANOSECONDS = 0xa1b23c4d;

/** When the first packet of all captures was recorded: copies of a bundle tell the same. Null where no capture holds one. */
export async function firstPacketAt(root: string, captures: readonly Capture[]): Promise<string | null> {
  const times = await Promise.all(captures.map(async ({ path }) => firstTimeIn(root, path).catch(() => null)));
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : new Date(Math.min(...known)).toISOString();
}

async function firstTimeIn(root: string, path: string): Promise<number | null> {
  const bytes = (await readInside(root, path.split("/"), BYTES))?.bytes;
  if (bytes === undefined || bytes.length < BYTES) return null;
  for (const isLittle of [true, false]) {
    const at = (offset: number): number => (isLittle ? bytes.readUInt32LE(offset) : bytes.readUInt32BE(offset));
    const perMs = at(0) === MICROSECONDS ? 1e3 : at(0) === NANOSECONDS ? 1e6 : null;
    if (perMs !== null) return at(24) * 1000 + Math.floor(at(28) / perMs);
  }
  return null;
}
