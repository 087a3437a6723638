/**
 * Decoded packets a second, beside `tcpdump -nn -r` on the same file.
 * node --experimental-strip-types bench/decode.ts FILE...   (Node 20: bundle it with esbuild first)
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readCapture } from "../src/witness/decode/capture.ts";

const PACKETS = 400_000;
const files =
  process.argv.length > 2
    ? process.argv.slice(2)
    : ["fixtures/ipip-healthy/capture/node2.pcap", "fixtures/vxlan-healthy/capture/k1.pcap"];

for (const file of files) {
  const dir = mkdtempSync(join(tmpdir(), "lasthop-bench-"));
  try {
    const big = join(dir, "big.pcap");
    const { bytes, packets } = repeat(readFileSync(file));
    writeFileSync(big, bytes);
    const decoderMs = best(() => void readCapture(bytes, { netns: "bench/host", linkNames: new Map(), only: null }));
    const tcpdumpMs = best(() => void execFileSync("tcpdump", ["-Z", "root", "-nn", "-r", big], { stdio: "ignore" }));
    const rate = (ms: number) => Math.round(packets / (ms / 1000)).toLocaleString("en");
    console.log(`${file}: ${packets} packets`);
    console.log(`  decoder         ${rate(decoderMs)} packets/s`);
    console.log(`  tcpdump -nn -r  ${rate(tcpdumpMs)} packets/s`);
    console.log(`  ratio           ${(tcpdumpMs / decoderMs).toFixed(2)}`);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The records of a capture over and over, behind its own file header. */
function repeat(capture: Buffer): { bytes: Buffer; packets: number } {
  const { frames } = readCapture(capture, { netns: "bench/host", linkNames: new Map(), only: null });
  const times = Math.ceil(PACKETS / frames.length);
  const records = capture.subarray(24);
  return {
    bytes: Buffer.concat([capture.subarray(0, 24), ...Array.from({ length: times }, () => records)]),
    packets: times * frames.length,
  };
}

function best(run: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 3; i++) {
    const started = performance.now();
    run();
    least = Math.min(least, performance.now() - started);
  }
  return least;
}
