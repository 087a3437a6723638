/**
 * Packets a second of processor time: decoded, decoded and kept, and correlated as a recording's flows are; beside
 * `tcpdump -nn -r`, which prints, and `tcpdump -r` with a filter that nothing passes, on the same file.
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

// All are decoded before any is kept: an engine that has seen frames kept makes every frame where kept things lie.
const decoded = (process.argv.length > 2 ? process.argv.slice(2) : FILES).map((file) => {
  const { bytes, packets } = repeated(readFileSync(file));
  return { file, bytes, packets, headers: headersIn(bytes), decodeMs: bestCpuMs(() => headersIn(bytes)) };
});

const directory = mkdtempSync(join(tmpdir(), "lasthop-bench-"));
try {
  for (const { file, bytes, packets, headers, decodeMs } of decoded) {
    const big = join(directory, "big.pcap");
    writeFileSync(big, bytes);
    const tcpdump = (...argv: string[]) =>
      bestCpuMs(() => execFileSync("tcpdump", ["-Z", "root", "-nn", "-r", big, ...argv], { stdio: "ignore" }));
    const printMs = tcpdump();
    const filterMs = tcpdump("tcp port 1");
    const keepMs = bestCpuMs(() => readCapture(bytes, PLACE));
    const { frames } = readCapture(bytes, PLACE);
    const correlateMs = bestCpuMs(() => correlate(adoptFlows(frames), frames));
    console.log(`${file}: ${packets.toLocaleString("en")} packets, ${(headers / packets).toFixed(1)} headers each`);
    for (const [what, ms] of [
      ["tcpdump -nn -r", printMs],
      ["tcpdump -r, filtered", filterMs],
      ["decode", decodeMs],
      ["decode and keep", keepMs],
      ["correlate", correlateMs],
    ] as const) {
      console.log(
        `  ${what.padEnd(22)}${perSecond(packets, ms).padStart(14)}${(printMs / ms).toFixed(1).padStart(8)} x`,
      );
    }
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}

function headersIn(bytes: Uint8Array): number {
  let count = 0;
  new CaptureDecoder(PLACE).push(bytes, ({ headers }) => {
    count += headers.length;
  });
  return count;
}

/** The records of a capture over and over, behind its own file header. */
function repeated(capture: Buffer): { readonly bytes: Buffer; readonly packets: number } {
  let held = 0;
  new CaptureDecoder(PLACE).push(capture, () => {
    held += 1;
  });
  const times = Math.ceil(PACKETS / held);
  const records = capture.subarray(24);
  return {
    bytes: Buffer.concat([capture.subarray(0, 24), ...Array.from({ length: times }, () => records)]),
    packets: times * held,
  };
}
