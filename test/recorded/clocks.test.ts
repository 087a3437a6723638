import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { alteredBundle, removeAltered } from "./altered-bundle.ts";
import { diagnoseBundle, FIXTURES, NODE_PORT } from "./offline-cli.ts";

/** Machines do not agree on the time: what two of them captured is never put in order by their clocks. */

afterAll(removeAltered);

const HOUR_MS = 3_600_000;
/** In the recorded incident node2 receives 132 ms before node1 sends. */
const SKEWS_MS = [HOUR_MS, -HOUR_MS, 7, -132];

describe.each([
  ["vxlan-ip-forward-off", "k1"],
  ["vxlan-ip-forward-off", "k2"],
  ["ipip-resumed", "node2"],
])("%s with another clock on %s", (fixture, node) => {
  it.each(SKEWS_MS)("off by %d ms: the same verdict", async (skewMs) => {
    const skewed = alteredBundle(fixture, (root) => shiftCapture(join(root, `capture/${node}.pcap`), skewMs));
    expect(await verdictOf(skewed)).toEqual(await verdictOf(join(FIXTURES, fixture)));
  });
});

async function verdictOf(bundle: string) {
  const { status, verdict } = await diagnoseBundle(bundle, NODE_PORT);
  const { timings: _, timeline, evidence, ...rest } = verdict;
  // What was captured keeps its node's own time: that alone differs, and with it the order of what is told.
  const happened = timeline.map(({ text }) => text).sort();
  return { status, ...rest, happened, evidence: evidence.map(({ at, ...told }) => told) };
}

/** Sets back or forward every packet of a pcap file: after its header of 24 bytes, 16 bytes before each packet begin with its time. */
function shiftCapture(path: string, byMs: number): void {
  const bytes = readFileSync(path);
  const perSecond = bytes.readUInt32LE(0) === 0xa1b23c4d ? 1e9 : 1e6;
  for (let at = 24; at + 16 <= bytes.length; at += 16 + bytes.readUInt32LE(at + 8)) {
    const fraction = bytes.readUInt32LE(at + 4) + byMs * (perSecond / 1000);
    const carried = Math.floor(fraction / perSecond);
    bytes.writeUInt32LE(bytes.readUInt32LE(at) + carried, at);
    bytes.writeUInt32LE(fraction - carried * perSecond, at + 4);
  }
  writeFileSync(path, bytes);
}
