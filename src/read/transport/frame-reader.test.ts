import fc from "fast-check";
import { expect, test } from "vitest";
import { type Frame, FrameReader } from "./frame-reader.ts";

const NONCE = "0123456789abcdef";

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; i += 1) {
    const size = sizes[i % sizes.length] ?? 1;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

test("payloads come back whole however the stream is cut, and whatever they hold", () => {
  const payload = fc.uint8Array({ maxLength: 200 });
  const nasty = fc
    .constantFrom(`\n${NONCE}`, `\n${NONCE.slice(0, 9)}`, `${NONCE} 1 0\n`, "\n\n")
    .map((text) => Buffer.from(text));
  const payloads = fc.array(fc.oneof(payload, nasty), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(payloads, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }), (sent, sizes) => {
      const stream = Buffer.concat(sent.flatMap((bytes, id) => [bytes, Buffer.from(`\n${NONCE} ${id} 0\n`)]));
      const frames: Frame[] = [];
      const reader = new FrameReader(NONCE, (frame) => frames.push(frame));
      for (const chunk of cut(stream, sizes)) reader.push(chunk);
      expect(frames.map((frame) => frame.payload.toString("hex"))).toEqual(
        sent.map((bytes) => Buffer.from(bytes).toString("hex")),
      );
      expect(frames.map((frame) => frame.header)).toEqual(sent.map((_, id) => `${id} 0`));
    }),
  );
});

test("keeps no more than the limit, and says that it cut", () => {
  const frames: Frame[] = [];
  const reader = new FrameReader(NONCE, (frame) => frames.push(frame));
  reader.limit = 10;
  reader.push(Buffer.alloc(5000, "x"));
  expect(reader.overflowed).toBe(true);
  reader.push(Buffer.from(`\n${NONCE} 0 0\nshort\n${NONCE} 1 0\n`));
  expect(frames.map(({ payload, truncated }) => [payload.toString(), truncated])).toEqual([
    ["xxxxxxxxxx", true],
    ["short", false],
  ]);
});
