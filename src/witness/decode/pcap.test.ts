import { processorMs } from "../../../test/processor-ms.ts";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseLinkNames, parseLinksUp, readCapture } from "./capture.ts";
import { PcapReader } from "./pcap.ts";

const FILE = readFileSync("fixtures/vxlan-healthy/capture/k1.pcap");

function fileHeader(magic: number, little: boolean, linkType = 101): Buffer {
  const header = Buffer.alloc(24);
  if (little) header.writeUInt32LE(magic, 0);
  else header.writeUInt32BE(magic, 0);
  if (little) header.writeUInt32LE(linkType, 20);
  else header.writeUInt32BE(linkType, 20);
  return header;
}

function record(little: boolean, seconds: number, fraction: number, bytes: Uint8Array, claimed = bytes.length): Buffer {
  const header = Buffer.alloc(16);
  [seconds, fraction, claimed, claimed].forEach((value, i) => {
    if (little) header.writeUInt32LE(value, i * 4);
    else header.writeUInt32BE(value, i * 4);
  });
  return Buffer.concat([header, bytes]);
}

describe("PcapReader", () => {
  it("reads the same whatever the chunks", () => {
    const whole: string[] = [];
    new PcapReader().push(FILE, (r) =>
      whole.push(`${r.atNs} ${Buffer.from(r.bytes.subarray(r.from, r.to)).toString("hex")}`),
    );
    expect(whole.length).toBeGreaterThan(100);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 40 }), (sizes) => {
        const parts: string[] = [];
        const reader = new PcapReader();
        for (let at = 0, i = 0; at < FILE.length; i++) {
          const size = sizes[i % sizes.length] as number;
          reader.push(FILE.subarray(at, at + size), (r) =>
            parts.push(`${r.atNs} ${Buffer.from(r.bytes.subarray(r.from, r.to)).toString("hex")}`),
          );
          at += size;
        }
        expect(parts).toEqual(whole);
        expect(reader.truncatedBytes).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it("reads both byte orders, micro- and nanoseconds", () => {
    for (const little of [true, false]) {
      for (const [magic, ns] of [
        [0xa1b2c3d4, 5_000_000_123_000n],
        [0xa1b23c4d, 5_000_000_000_123n],
      ] as const) {
        const times: bigint[] = [];
        const reader = new PcapReader();
        const bytes = Buffer.concat([fileHeader(magic, little), record(little, 5000, 123, Buffer.from([1, 2, 3]))]);
        reader.push(bytes, (r) => times.push(r.atNs));
        expect(times).toEqual([ns]);
        expect(reader.linkType).toBe(101);
      }
    }
  });

  it("keeps the whole records of a file that was cut", () => {
    const cut = readCapture(FILE.subarray(0, FILE.length - 7), { netns: "n/host", linkNames: new Map(), only: null });
    const whole = readCapture(FILE, { netns: "n/host", linkNames: new Map(), only: null });
    expect(cut.failure).toBeNull();
    expect(cut.frames.length).toBe(whole.frames.length - 1);
  });

  it("refuses a record of a hostile length, keeping those before it", () => {
    const reader = new PcapReader();
    let records = 0;
    const bytes = Buffer.concat([
      fileHeader(0xa1b2c3d4, true),
      record(true, 1, 1, Buffer.from([1])),
      record(true, 1, 1, Buffer.from([1]), 0xffffffff),
    ]);
    reader.push(bytes, () => records++);
    reader.push(Buffer.alloc(1 << 20), () => records++);
    expect(records).toBe(1);
    expect(reader.failure).toMatch(/claims 4294967295 bytes/);
  });

  it("says what a file is that it does not read", () => {
    const pcapng = readCapture(Buffer.concat([Buffer.from("0a0d0d0a", "hex"), Buffer.alloc(40)]), {
      netns: "n/host",
      linkNames: new Map(),
      only: null,
    });
    expect(pcapng.failure).toMatch(/pcapng/);
    expect(readCapture(Buffer.alloc(64), { netns: "n/host", linkNames: new Map(), only: null }).failure).toBe(
      "not a pcap file",
    );
  });

  it("takes a file in single bytes without copying it over and over", () => {
    const big = Buffer.concat([fileHeader(0xa1b2c3d4, true), record(true, 1, 1, Buffer.alloc(200_000))]);
    const reader = new PcapReader();
    let records = 0;
    const ms = processorMs(() => {
      for (let i = 0; i < big.length; i++) reader.push(big.subarray(i, i + 1), () => records++);
    });
    expect(records).toBe(1);
    // Joined at every byte this would move 20 GB.
    expect(ms).toBeLessThan(2000);
  });
});

describe("parseLinkNames", () => {
  it("drops peers and keeps everything else of a name", () => {
    const names = parseLinkNames(
      "1: lo: <LOOPBACK,UP> mtu 65536\n4: cali7c2e5d81a0f@if3: <BROADCAST> mtu 1480\n5: eth0.10@eth0: <UP> mtu\n6: we:ird: <UP>\nnoise\n",
    );
    expect([...names]).toEqual([
      [1, "lo"],
      [4, "cali7c2e5d81a0f"],
      [5, "eth0.10"],
      [6, "we:ird"],
    ]);
  });

  it("tells which are up", () => {
    const text =
      "1: lo: <LOOPBACK,UP,LOWER_UP> mtu\n2: kube-ipvs0: <BROADCAST,NOARP> mtu\n3: eth1: <NO-CARRIER,BROADCAST,UP> mtu\n";
    expect(parseLinksUp(text)).toEqual(["lo", "eth1"]);
  });
});
