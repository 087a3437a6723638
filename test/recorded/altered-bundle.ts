import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FIXTURES } from "./offline-cli.ts";

const made: string[] = [];

/** A copy of a recorded cluster to change; `removeAltered` takes all of them away. */
export function alteredBundle(fixture: string, alter: (root: string) => void): string {
  const root = mkdtempSync(join(tmpdir(), "lasthop-altered-"));
  made.push(root);
  cpSync(join(FIXTURES, fixture), root, { recursive: true });
  alter(root);
  return root;
}

export function removeAltered(): void {
  for (const root of made.splice(0)) rmSync(root, { recursive: true, force: true });
}

/** Keeps the packets of some seconds of a pcap file (https://www.tcpdump.org: global header, then records), counted from its first. */
export function cutCapture(path: string, from: number, to: number): void {
  const bytes = readFileSync(path);
  const isNano = bytes.readUInt32LE(0) === 0xa1b23c4d;
  const kept = [bytes.subarray(0, 24)];
  let at = 24;
  let first: number | null = null;
  while (at + 16 <= bytes.length) {
    const time = bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) / (isNano ? 1e9 : 1e6);
    first ??= time;
    const end = at + 16 + bytes.readUInt32LE(at + 8);
    if (time - first >= from && time - first <= to) kept.push(bytes.subarray(at, end));
    at = end;
  }
  writeFileSync(path, Buffer.concat(kept));
}
