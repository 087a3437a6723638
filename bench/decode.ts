/**
 * Packets a second of processor time, decoded and then correlated as a recording's flows are, beside `tcpdump -nn -r` (which prints) and
 * `tcpdump -r` with a filter that nothing matches (which only reads) on the same file.
 * npm run bench decode [FILE.pcap ...]
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { adoptFlows } from "../src/witness/correlate/adopt-flows.ts";
import { correlate } from "../src/witness/correlate/correlate.ts";
import { CaptureDecoder, type CapturePlace, readCapture } from "../src/witness/decode/capture.ts";
import { bestCpuMs, perSecond } from "./lib/timing.ts";

const PACKETS = 200_000;
const PLACE: CapturePlace = { netns: "bench/host", linkNames: new Map(), only: null };
const FILES = ["fixtures/ipip-healthy/capture/node2.pcap", "fixtures/vxlan-healthy/capture/k1.pcap"];

for (const file of process.argv.length > 2 ? process.argv.slice(2) : FILES) {
  const directory = mkdtempSync(join(tmpdir(), "lasthop-bench-"));
  try {
    const big = join(directory, "big.pcap");
    const { bytes, packets } = repeated(readFileSync(file));
    writeFileSync(big, bytes);
    const { frames } = readCapture(bytes, PLACE);
    const tcpdump = (...argv: string[]) =>
      bestCpuMs(() => void execFileSync("tcpdump", ["-Z", "root", ...argv], { stdio: "ignore" }));
    const rows: readonly (readonly [string, number])[] = [
      ["tcpdump -nn -r", tcpdump("-nn", "-r", big)],
      ["tcpdump -r, filtered", tcpdump("-nn", "-r", big, "tcp port 1")],
      ["decode", bestCpuMs(() => new CaptureDecoder(PLACE).push(bytes, () => {}))],
      ["correlate", bestCpuMs(() => void correlate(adoptFlows(frames), frames))],
      ["decode and correlate", bestCpuMs(() => decodeAndCorrelate(bytes))],
    ];
    const [[, printedMs = Number.NaN] = []] = rows;
    console.log(`${file}: ${packets.toLocaleString("en")} packets`);
    for (const [what, ms] of rows) {
      const ratio = `${(printedMs / ms).toFixed(1)} x tcpdump -nn -r`;
      console.log(`  ${what.padEnd(22)}${perSecond(packets, ms).padStart(14)}   ${ratio}`);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function decodeAndCorrelate(bytes: Uint8Array): void {
  const { frames } = readCapture(bytes, PLACE);
  correlate(adoptFlows(frames), frames);
}

/** The records of a capture over and over, behind its own file header. */
function repeated(capture: Buffer): { readonly bytes: Buffer; readonly packets: number } {
  const { frames } = readCapture(capture, PLACE);
  const times = Math.ceil(PACKETS / frames.length);
  const records = capture.subarray(24);
  return {
    bytes: Buffer.concat([capture.subarray(0, 24), ...Array.from({ length: times }, () => records)]),
    packets: times * frames.length,
  };
}
